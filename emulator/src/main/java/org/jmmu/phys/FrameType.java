package org.jmmu.phys;

/** What a frame is used for; oracles read it, and a frame of the wrong type is caught early. */
public enum FrameType {
  /** In the allocator, or never touched. */
  FREE(0),
  /** Holds data of user memory. */
  USER(1),
  /** A page table of any level. */
  PAGE_TABLE(2),
  /** Not managed by the allocator, such as frame 0. */
  RESERVED(3),
  /** Of a huge page, the first one or one of the others. */
  HUGETLB(4);

  private static final FrameType[] BY_CODE = values();

  /** The value in a descriptor; zeroed memory reads as {@link #FREE}. */
  final int code;

  FrameType(int code) {
    this.code = code;
  }

  static FrameType of(int code) {
    return BY_CODE[code];
  }
}
