package org.jmmu.types;

import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.phys.Slot;
import org.jmmu.sched.PausePoint;
import org.jspecify.annotations.Nullable;

/**
 * A merged page: {@code page.mapping} names it, and its list names the places where the page is
 * mapped. Lives on for a while when the page is gone, without a reference to it.
 *
 * @kernel mm/ksm.c:struct ksm_stable_node
 */
public final class KsmStableNode extends Slot {
  /** Of the page's content, which does not change; immutable while in use. */
  public long checksum;

  private volatile long kpfn; // changed by migration, with the page lock held
  private @Nullable KsmRmapItem head; // guarded by the page lock

  public KsmStableNode(int slot) {
    super(slot);
  }

  /** Makes a recycled slot the node of a page whose mapping the caller sets. */
  public void init(long pfn, long checksum) {
    this.kpfn = pfn;
    this.checksum = checksum;
    this.head = null;
  }

  /** What {@code page.mapping} of the page says. */
  public long mapping() {
    return handle() | PageFlags.PAGE_MAPPING_KSM;
  }

  public long kpfn() {
    return kpfn;
  }

  /**
   * The page lives in another frame now. The caller holds the lock of both.
   *
   * @kernel mm/ksm.c:folio_migrate_ksm
   */
  public void migrate(long newPfn) {
    kpfn = newPfn;
  }

  /** Whether the page is gone: its frame has another owner, or none. */
  public boolean isStale(PhysMemory phys) {
    long pfn;
    boolean stale;
    do {
      pfn = kpfn;
      PausePoint.reach("ksm.isStale");
      stale = PageDesc.mappingGetAcquire(phys, pfn) != mapping();
    } while (pfn != kpfn); // it has moved meanwhile, and its old frame is free
    return stale;
  }

  /** First place where the page is mapped. The caller holds the page lock. */
  public @Nullable KsmRmapItem headLocked() {
    return head;
  }

  /** The caller holds the page lock. */
  public void addLocked(KsmRmapItem item) {
    item.next = head;
    item.node = this;
    head = item;
  }

  /** The caller holds the page lock, unless the page is gone. */
  public void removeLocked(KsmRmapItem item) {
    item.node = null;
    if (head == item) {
      head = item.next;
      return;
    }
    for (KsmRmapItem at = head; at != null; at = at.next) {
      if (at.next == item) {
        at.next = item.next;
        return;
      }
    }
  }
}
