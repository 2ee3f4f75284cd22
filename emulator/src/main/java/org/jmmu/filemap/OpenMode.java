package org.jmmu.filemap;

/** How a file is opened. @kernel include/uapi/asm-generic/fcntl.h:O_ACCMODE */
public enum OpenMode {
  O_RDONLY,
  O_WRONLY,
  O_RDWR;

  boolean reads() {
    return this != O_WRONLY;
  }

  boolean writes() {
    return this != O_RDONLY;
  }
}
