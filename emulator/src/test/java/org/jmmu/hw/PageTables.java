package org.jmmu.hw;

import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;

/** Builds page tables by hand; frames are handed out upwards from frame 1 and never taken back. */
final class PageTables {
  static final long TABLE = PteBits.P | PteBits.RW | PteBits.US;
  static final long USER_RW = PteBits.P | PteBits.RW | PteBits.US;
  static final long USER_RO = PteBits.P | PteBits.US;

  final PhysMemory phys;
  final long root;
  private long nextFrame = 1;

  PageTables(PhysMemory phys) {
    this.phys = phys;
    root = newFrame();
  }

  /** A second address space in the same memory. */
  PageTables(PageTables other, long firstFrame) {
    phys = other.phys;
    nextFrame = firstFrame;
    root = newFrame();
  }

  long cr3() {
    return root << PhysMemory.PAGE_SHIFT;
  }

  long newFrame() {
    return nextFrame++;
  }

  /** Maps a fresh frame, user, writable. */
  long map(long vaddr) {
    long pfn = newFrame();
    map(vaddr, pfn, USER_RW);
    return pfn;
  }

  void map(long vaddr, long pfn, long flags) {
    setLeaf(vaddr, PteBits.LEVEL_PTE, PteBits.pte(pfn, flags));
  }

  /** Writes an entry at {@code level}; tables above it are made as needed. */
  void setLeaf(long vaddr, int level, long word) {
    Mem.longSetRelease(slot(vaddr, level), word);
  }

  long leaf(long vaddr) {
    return Mem.longGetAcquire(slot(vaddr, PteBits.LEVEL_PTE));
  }

  /** Native address of the entry for {@code vaddr} at {@code level}. */
  long slot(long vaddr, int level) {
    long table = root;
    for (int at = PteBits.LEVEL_PGD; ; at--) {
      long addr = phys.frameAddr(table) + PteBits.index(vaddr, at) * 8L;
      if (at == level) {
        return addr;
      }
      if (!PteBits.isPresent(Mem.longGetAcquire(addr))) {
        Mem.longSetRelease(addr, PteBits.pte(newFrame(), TABLE));
      }
      table = PteBits.pfn(Mem.longGetAcquire(addr));
    }
  }

  /** First eight bytes of a frame. */
  long content(long pfn) {
    return Mem.longGetAcquire(phys.frameAddr(pfn));
  }

  void setContent(long pfn, long value) {
    Mem.longSetRelease(phys.frameAddr(pfn), value);
  }
}
