package org.jmmu.sys;

import java.util.ArrayList;
import java.util.List;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.MappedFile;
import org.jspecify.annotations.Nullable;

/**
 * File descriptors of a process.
 *
 * @kernel fs/file.c
 */
final class FileTable {
  private static final int RLIMIT_NOFILE = 1024;

  private final List<@Nullable MappedFile> files = new ArrayList<>(); // by number; this

  /** Whose reference passes to the table; the lowest free number. @throws ErrnoException EMFILE */
  synchronized int install(MappedFile file) {
    int fd = files.indexOf(null);
    if (fd < 0) {
      fd = files.size();
      if (fd == RLIMIT_NOFILE) {
        throw new ErrnoException(Errno.EMFILE, "too many open files");
      }
      files.add(null);
    }
    files.set(fd, file);
    return fd;
  }

  /** With a reference for the caller. @throws ErrnoException EBADF */
  synchronized MappedFile get(int fd) {
    MappedFile file = fd >= 0 && fd < files.size() ? files.get(fd) : null;
    if (file == null) {
      throw new ErrnoException(Errno.EBADF, "descriptor " + fd);
    }
    return file.get();
  }

  /**
   * @throws ErrnoException EBADF
   */
  void close(int fd) {
    MappedFile file;
    synchronized (this) {
      file = get(fd);
      files.set(fd, null);
    }
    file.put(); // the one just taken
    file.put(); // the table's
  }

  /** For a child. @kernel fs/file.c:dup_fd */
  synchronized FileTable copy() {
    FileTable copy = new FileTable();
    for (MappedFile file : files) {
      copy.files.add(file == null ? null : file.get());
    }
    return copy;
  }

  synchronized void closeAll() {
    for (MappedFile file : files) {
      if (file != null) {
        file.put();
      }
    }
    files.clear();
  }
}
