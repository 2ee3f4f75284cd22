package org.jmmu.differential;

/** What a sequence is made of. The order is that of the numbers in peer.c. */
@SuppressWarnings("ImmutableEnumChecker") // the array does not change
enum Op {
  /** Address, length, prot, flags, file, offset. */
  MMAP(Argument.ADDRESS, Argument.LENGTH, Argument.PROT, Argument.MAP, Argument.FILE, Argument.HEX),
  /** Address, length. */
  MUNMAP(Argument.ADDRESS, Argument.LENGTH),
  /** Address, length, prot. */
  MPROTECT(Argument.ADDRESS, Argument.LENGTH, Argument.PROT),
  /** Loads eight bytes: address. */
  READ(Argument.ADDRESS),
  /** Stores eight bytes: address, value. */
  WRITE(Argument.ADDRESS, Argument.HEX),
  /** Makes a process: its number. */
  FORK(Argument.NUMBER),
  /** Ends a child of the caller: its number. */
  KILL(Argument.NUMBER),
  /** Nothing but a close look at the process that makes it. */
  CHECK,
  /** Address, old length, new length, flags, new address. */
  MREMAP(Argument.ADDRESS, Argument.LENGTH, Argument.LENGTH, Argument.MREMAP, Argument.ADDRESS),
  /** Address, length, advice. */
  MADVISE(Argument.ADDRESS, Argument.LENGTH, Argument.NUMBER),
  /** Address, length. */
  MLOCK(Argument.ADDRESS, Argument.LENGTH),
  /** Address, length, flags. */
  MLOCK2(Argument.ADDRESS, Argument.LENGTH, Argument.NUMBER),
  /** Address, length. */
  MUNLOCK(Argument.ADDRESS, Argument.LENGTH),
  /** Address, length, flags. */
  MSYNC(Argument.ADDRESS, Argument.LENGTH, Argument.NUMBER),
  /** Address, length. */
  MINCORE(Argument.ADDRESS, Argument.LENGTH),
  /** File, size. */
  FTRUNCATE(Argument.FILE, Argument.HEX),
  /** File, mode, offset, length. */
  FALLOCATE(Argument.FILE, Argument.NUMBER, Argument.HEX, Argument.HEX),
  /** File, offset, length. */
  PREAD(Argument.FILE, Argument.HEX, Argument.HEX),
  /** File, offset, length, first of the bytes, each of which is one more than the last. */
  PWRITE(Argument.FILE, Argument.HEX, Argument.HEX, Argument.NUMBER),
  /** Flags. */
  MLOCKALL(Argument.NUMBER),
  MUNLOCKALL;

  /** How an argument reads. */
  enum Argument {
    ADDRESS,
    LENGTH,
    PROT,
    MAP,
    MREMAP,
    FILE,
    NUMBER,
    HEX
  }

  private final Argument[] arguments;

  Op(Argument... arguments) {
    this.arguments = arguments;
  }

  /** In peer.c. */
  @SuppressWarnings("EnumOrdinal") // agreed with peer.c
  int number() {
    return ordinal();
  }

  int nrArguments() {
    return arguments.length;
  }

  Argument argument(int i) {
    return arguments[i];
  }
}
