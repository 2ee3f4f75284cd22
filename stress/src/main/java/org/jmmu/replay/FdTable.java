package org.jmmu.replay;

import java.util.Map;
import java.util.TreeMap;
import org.jmmu.sys.Process;
import org.jspecify.annotations.Nullable;

/** The descriptors of one process of a log. */
final class FdTable {
  private final TreeMap<Integer, OpenFile> files = new TreeMap<>();

  /** As fork does it: the same open files under the same numbers. */
  FdTable copy() {
    FdTable copy = new FdTable();
    files.forEach((fd, file) -> copy.files.put(fd, file.get()));
    return copy;
  }

  @Nullable OpenFile get(int fd) {
    return files.get(fd);
  }

  /** {@code file}'s reference passes to the table. What was there before is closed. */
  void set(Process process, int fd, OpenFile file) {
    OpenFile before = files.put(fd, file);
    if (before != null) {
      before.put(process);
    }
  }

  void close(Process process, int fd) {
    OpenFile file = files.remove(fd);
    if (file != null) {
      file.put(process);
    }
  }

  /** Closes {@code first} to {@code last}. */
  void closeRange(Process process, int first, int last) {
    Map<Integer, OpenFile> range = files.subMap(first, true, last, true);
    range.values().forEach(file -> file.put(process));
    range.clear();
  }

  void closeAll(Process process) {
    closeRange(process, 0, Integer.MAX_VALUE);
  }
}
