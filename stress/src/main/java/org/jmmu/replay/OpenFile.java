package org.jmmu.replay;

import org.jmmu.sys.Process;
import org.jmmu.types.MappedFile;

/**
 * What one open made, shared by the descriptors that dup and fork made of it. The emulator hears of
 * it when it is first mapped: most files never are.
 */
final class OpenFile {
  private static final int NONE = -1;

  private final TraceFiles files;
  private final boolean readable;
  private final boolean writable;
  private final boolean memfd;
  private String path;
  private int fd = NONE; // in the emulated process
  private int references = 1;

  OpenFile(TraceFiles files, String path, boolean readable, boolean writable) {
    this.files = files;
    this.path = path;
    this.readable = readable;
    this.writable = writable;
    this.memfd = false;
  }

  /** What memfd_create made, which the emulator has already, as descriptor {@code fd}. */
  OpenFile(TraceFiles files, String path, int fd) {
    this.files = files;
    this.path = path;
    this.readable = true;
    this.writable = true;
    this.memfd = true;
    this.fd = fd;
  }

  boolean isMemfd() {
    return memfd;
  }

  /** Whether this can still be what a log calls {@code now}. */
  boolean isAt(String now) {
    return path.isEmpty() || path.equals(now) || now.equals(path + TraceFiles.DELETED);
  }

  /** Its descriptor in the emulated process, where the log calls it {@code now}. */
  int fd(Process process, String now) {
    if (fd == NONE) {
      path = now;
      fd = process.install(new MappedFile(files.mapping(path), path, readable, writable, () -> {}));
    }
    return fd;
  }

  OpenFile get() {
    references++;
    return this;
  }

  void put(Process process) {
    if (--references == 0 && fd != NONE) {
      process.close(fd);
    }
  }
}
