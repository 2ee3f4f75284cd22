package org.jmmu.filemap;

import org.jmmu.alloc.Buddy;
import org.jmmu.phys.SlotTable;
import org.jmmu.swap.SwapInfo;
import org.jmmu.swap.SwpEntry;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.XArray;

/**
 * Brings the pages of files back that are in a swap area which is being switched off.
 *
 * @kernel mm/shmem.c:shmem_unuse
 */
public final class ShmemUnuse {
  private final SlotTable<MappingSlot> slots;
  private final PageCache pageCache;
  private final ShmemSwap shmemSwap;
  private final Files files;

  public ShmemUnuse(
      SlotTable<MappingSlot> slots, PageCache pageCache, ShmemSwap shmemSwap, Files files) {
    this.slots = slots;
    this.pageCache = pageCache;
    this.shmemSwap = shmemSwap;
    this.files = files;
  }

  /**
   * Goes through all files once. Files may come and go meanwhile.
   *
   * @param each called for each page that is brought back
   * @return 0, or the error of {@link GetFolio} that ended it
   */
  public long unuse(SwapInfo info, Runnable each) {
    for (MappingSlot slot : slots.snapshot()) {
      AddressSpace mapping = slot.mappingGetVolatile();
      if (mapping != null && mapping.isShmem() && mapping.getUnlessZero()) {
        try {
          long error = unuseFile(info, mapping, each);
          if (error != 0) {
            return error;
          }
        } finally {
          files.iput(mapping);
        }
      }
    }
    return 0;
  }

  private long unuseFile(SwapInfo info, AddressSpace mapping, Runnable each) {
    for (long at = 0; (at = mapping.pages.next(at)) != XArray.NONE; at++) {
      long value = mapping.pages.load(at);
      if (!XArray.isValue(value) || SwpEntry.type(XArray.entryOf(value)) != info.type()) {
        continue;
      }
      each.run();
      long pfn = shmemSwap.swapIn(mapping, at, value);
      if (pfn < 0) {
        return pfn;
      }
      if (pfn != Buddy.NO_FRAME) { // else a fault was faster, or a truncation
        pageCache.unlockPut(pfn);
      }
    }
    return 0;
  }
}
