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

  /** Lines of one of them: its lock and stack, and its per-CPU lists. */
  private static final int ZONE_LINES = 17;

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
    long bytes =
        nrFrames * (PAGE_SIZE + PageDesc.SIZE) + (((long) ZONES * ZONE_LINES) << LINE_SHIFT);
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
    assert part < ZONE_LINES : "part " + part;
    long line = (long) zone * ZONE_LINES + part;
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

  /** Fills a frame with one byte: poison, so that a read of a freed frame shows. */
  public void fillPage(long pfn, byte value) {
    Mem.fill(frameAddr(pfn), PAGE_SIZE, value);
  }
}
