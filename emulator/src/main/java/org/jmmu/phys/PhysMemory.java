package org.jmmu.phys;

/**
 * The physical memory of one machine: {@code nrFrames} frames of 4 KiB from physical address 0, and
 * behind them one {@link PageDesc} per frame.
 *
 * <pre>
 *   frames                                   descriptors
 *   +--------+--------+-- … --+------------+------+------+-- … --+
 *   | pfn 0  | pfn 1  |       | pfn n-1    | pfn 0| pfn 1|       |
 *   +--------+--------+-- … --+------------+------+------+-- … --+
 *   4096 bytes each                          64 bytes each
 * </pre>
 *
 * Frame 0 is never given out, so that a zero frame number means "none". Untouched frames cost no
 * resident memory.
 */
public final class PhysMemory {
  public static final int PAGE_SHIFT = 12;
  public static final long PAGE_SIZE = 1L << PAGE_SHIFT;
  public static final long PAGE_MASK = -PAGE_SIZE;

  /** Allocators that may share the frames. */
  public static final int ZONES = 8;

  /** Lines of an allocator: its lock and {@link #ALLOCATOR_LINES} - 1 per-CPU lists. */
  private static final int ALLOCATOR_LINES = 17;

  private static final int LINE_SHIFT = 7; // two cache lines each: neighbours are prefetched

  private final long frames; // native address of frame 0; immutable
  private final long descs; // native address of descriptor 0; immutable
  private final long nrFrames; // immutable

  /**
   * @throws IllegalArgumentException if {@code nrFrames} is not positive
   * @throws OutOfMemoryError if the host cannot reserve the memory
   */
  public PhysMemory(long nrFrames) {
    if (nrFrames <= 0) {
      throw new IllegalArgumentException("nrFrames must be positive: " + nrFrames);
    }
    this.nrFrames = nrFrames;
    long lines = ((long) ZONES * ALLOCATOR_LINES) << LINE_SHIFT;
    long bytes = nrFrames * (PAGE_SIZE + PageDesc.SIZE) + lines;
    this.frames = NativeMemory.allocateZeroed(this, bytes, PAGE_SIZE);
    this.descs = frames + nrFrames * PAGE_SIZE;
  }

  public long nrFrames() {
    return nrFrames;
  }

  /** Whether {@code pfn} names a frame; to be asked of every number out of a page-table word. */
  public boolean containsPfn(long pfn) {
    return Long.compareUnsigned(pfn, nrFrames) < 0;
  }

  /** Native address of a frame; {@code pfn} must be one of this memory. */
  public long frameAddr(long pfn) {
    assert containsPfn(pfn) : "pfn " + pfn + " of " + nrFrames;
    return frames + (pfn << PAGE_SHIFT);
  }

  /** Native address of a physical address; its frame must be one of this memory. */
  public long addr(long paddr) {
    assert containsPfn(paddr >>> PAGE_SHIFT) : "paddr " + Long.toHexString(paddr);
    return frames + paddr;
  }

  /** Native address of a frame's descriptor. */
  long descAddr(long pfn) {
    assert containsPfn(pfn) : "pfn " + pfn + " of " + nrFrames;
    return descs + (pfn << PageDesc.SHIFT);
  }

  /** Frame that holds a native address, such as that of a page-table entry. */
  public long pfnOfAddr(long addr) {
    return (addr - frames) >>> PAGE_SHIFT;
  }

  /**
   * Native address of the words of one part of an allocator, on cache lines of their own.
   *
   * @param part 0 = the zone, others = its per-CPU lists
   */
  public long allocatorLineAddr(int zone, int part) {
    assert zone < ZONES && part < ALLOCATOR_LINES : "part " + part + " of zone " + zone;
    long line = (long) zone * ALLOCATOR_LINES + part;
    return descs + (nrFrames << PageDesc.SHIFT) + (line << LINE_SHIFT);
  }

  /** Fills a frame with zeroes. @kernel arch/x86/lib/clear_page_64.S:clear_page */
  public void clearPage(long pfn) {
    // In a cache as fast as a copy of a page of zeroes; faster in memory, whose old content the C
    // library's memset does not read first.
    NativeMemory.clear(frameAddr(pfn), PAGE_SIZE);
  }

  /**
   * @kernel arch/x86/lib/copy_page_64.S:copy_page
   */
  public void copyPage(long fromPfn, long toPfn) {
    Mem.copy(frameAddr(fromPfn), frameAddr(toPfn), PAGE_SIZE);
  }

  /** Whether two frames hold the same bytes, if nobody changes them. */
  public boolean haveSameContent(long pfn, long otherPfn) {
    long apart = frameAddr(otherPfn) - frameAddr(pfn);
    for (long at = frameAddr(pfn); at < frameAddr(pfn) + PAGE_SIZE; at += Long.BYTES) {
      if (Mem.longGetPlain(at) != Mem.longGetPlain(at + apart)) {
        return false;
      }
    }
    return true;
  }

  /** Of a frame's bytes, if nobody changes them; equal pages have equal ones. */
  public long checksum(long pfn) {
    long sum = 0;
    for (long at = frameAddr(pfn); at < frameAddr(pfn) + PAGE_SIZE; at += Long.BYTES) {
      sum = (sum ^ Mem.longGetPlain(at)) * 0x9e37_79b9_7f4a_7c15L;
      sum ^= sum >>> 32;
    }
    return sum;
  }

  /** Fills a frame with one byte: poison, so that a read of a freed frame shows. */
  public void fillPage(long pfn, byte value) {
    Mem.fill(frameAddr(pfn), PAGE_SIZE, value);
  }
}
