package org.jmmu.alloc;

import static org.jmmu.phys.PageFlags.PG_LOCKED;
import static org.jmmu.phys.PageFlags.PG_POISONED;

import org.jmmu.phys.Checks;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.types.KernelBug;

/**
 * What must hold when a frame changes hands: it is freed once, unmapped, unlocked; nobody writes to
 * it while it is free. {@link Checks} turns them off for benchmarks.
 */
final class FrameChecks {
  private static final byte POISON = (byte) 0xaa;
  private static final long POISON_WORD = 0xaaaa_aaaa_aaaa_aaaaL;

  private FrameChecks() {}

  static void allocated(PhysMemory phys, long pfn) {
    if (Checks.ON) {
      checkPoison(phys, pfn);
    }
  }

  static void freed(PhysMemory phys, long pfn) {
    if (Checks.ON) {
      check(phys, pfn);
      phys.fillPage(pfn, POISON);
      PageDesc.flagsGetAndOr(phys, pfn, PG_POISONED);
    }
  }

  private static void check(PhysMemory phys, long pfn) {
    FrameType type = PageDesc.typeGetOpaque(phys, pfn);
    if (type == FrameType.FREE || type == FrameType.RESERVED) {
      throw new KernelBug("frame " + pfn + " freed while " + type);
    }
    int refcount = PageDesc.refcountGetAcquire(phys, pfn);
    if (refcount != 0) {
      throw new KernelBug("frame " + pfn + " freed with " + refcount + " references");
    }
    int mapcount = PageDesc.mapcountGetAcquire(phys, pfn);
    if (mapcount != 0) {
      throw new KernelBug("frame " + pfn + " freed while mapped " + mapcount + " times");
    }
    if (type == FrameType.PAGE_TABLE && PageDesc.ptShareCountGetAcquire(phys, pfn) != 0) {
      throw new KernelBug("page table " + pfn + " freed while others share it");
    }
    if ((PageDesc.flagsGetAcquire(phys, pfn) & PG_LOCKED) != 0) {
      throw new KernelBug("frame " + pfn + " freed while locked");
    }
  }

  private static void checkPoison(PhysMemory phys, long pfn) {
    if ((PageDesc.flagsGetAcquire(phys, pfn) & PG_POISONED) == 0) {
      return;
    }
    long frame = phys.frameAddr(pfn);
    for (long at = 0; at < PhysMemory.PAGE_SIZE; at += Long.BYTES) {
      if (Mem.longGetPlain(frame + at) != POISON_WORD) {
        throw new KernelBug(
            "frame " + pfn + " was written while free, at byte " + at + ": " + hex(frame + at));
      }
    }
  }

  private static String hex(long addr) {
    return "0x" + Long.toHexString(Mem.longGetPlain(addr));
  }
}
