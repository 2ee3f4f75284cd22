package org.jmmu.hugetlb;

import static org.jmmu.phys.PageFlags.PG_HUGETLB_RESTORE_RESERVE;

import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.FreeHugeFolio;
import org.jmmu.alloc.Nodes;
import org.jmmu.lock.LockClass;
import org.jmmu.lock.RwSem;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.types.VmSysctl;

/**
 * The pool of huge pages. A mapping reserves pages when it is made, and a fault then finds one for
 * certain: {@code rsvd <= free <= total} holds whenever the lock is free.
 *
 * <p>{@code rsvd} can be below 0 for a while, as in Linux: a mapping that had reserved a page
 * counts it as reserved once more when it gives it up, {@code rsvd} only when the last of its
 * children has done so, too. Meanwhile the mapping may end.
 *
 * @kernel include/linux/hugetlb.h:struct hstate, mm/hugetlb.c
 */
public final class Hstate implements FreeHugeFolio {
  private static final int FIRST_NODE = 0;
  private static final int NIL = 0;

  private final PhysMemory phys;
  private final Nodes nodes;
  private final RwSem lock = new RwSem(LockClass.HUGETLB_LOCK); // guards all below
  private int freeList = NIL; // linked by the descriptors
  private long total;
  private long free;
  private long resv;
  private long surplus;
  private VmSysctl sysctl = new VmSysctl(); // written while nobody uses the machine

  public Hstate(PhysMemory phys, Nodes nodes) {
    this.phys = phys;
    this.nodes = nodes;
  }

  /**
   * Starts over with up to {@code nrHugePages} pages, whatever there was before, on a machine that
   * nobody uses and whose frames are all free.
   *
   * @kernel mm/hugetlb.c:hugetlb_hstate_alloc_pages
   */
  public void reset(long nrHugePages, VmSysctl settings) {
    sysctl = settings;
    freeList = NIL;
    total = 0;
    free = 0;
    resv = 0;
    surplus = 0;
    while (total < nrHugePages) {
      long pfn = allocFresh();
      if (pfn == Buddy.NO_FRAME) {
        break;
      }
      total++;
      pushLocked(pfn);
    }
  }

  public HugePageCounts counts() {
    lock.readLock();
    try {
      return new HugePageCounts(total, free, resv, surplus);
    } finally {
      lock.readUnlock();
    }
  }

  /** For oracles. */
  public boolean isLocked() {
    return lock.isLocked();
  }

  /**
   * Reserves {@code nr} pages more, with new ones if need be and if they may be had.
   *
   * @return false, with nothing changed, if there are not enough
   * @kernel mm/hugetlb.c:hugetlb_acct_memory, gather_surplus_pages
   */
  boolean reserve(long nr) {
    lock.writeLock();
    try {
      long added = 0;
      while (free < resv + nr) {
        long pfn = allocSurplusLocked();
        if (pfn == Buddy.NO_FRAME) {
          releaseSurplusLocked(added);
          return false;
        }
        pushLocked(pfn);
        added++;
      }
      if (nr > free) { // possible while resv is below 0
        releaseSurplusLocked(added);
        return false;
      }
      resv += nr;
      return true;
    } finally {
      lock.writeUnlock();
    }
  }

  /**
   * Gives reservations back, and surplus pages that nobody needs for them any more.
   *
   * @kernel mm/hugetlb.c:return_unused_surplus_pages
   */
  void unreserve(long nr) {
    lock.writeLock();
    try {
      resv -= nr;
      releaseSurplusLocked(Math.min(nr, surplus));
    } finally {
      lock.writeUnlock();
    }
  }

  /**
   * A page is to be reserved the moment it is freed, unless the pool would shrink by it then.
   *
   * @return whether it is
   */
  boolean reserveWhenFreed(long pfn) {
    lock.writeLock();
    try {
      boolean reserved = surplus == 0;
      if (reserved) {
        PageDesc.flagsGetAndOr(phys, pfn, PG_HUGETLB_RESTORE_RESERVE);
      }
      return reserved;
    } finally {
      lock.writeUnlock();
    }
  }

  /**
   * A page of arbitrary content with one reference, or {@link Buddy#NO_FRAME}.
   *
   * @param reserved whether a reservation is used up for it; the page says so until it is mapped
   * @kernel mm/hugetlb.c:alloc_hugetlb_folio, dequeue_hugetlb_folio_vma
   */
  long alloc(boolean reserved) {
    lock.writeLock();
    try {
      long pfn = reserved || free > resv ? popLocked() : Buddy.NO_FRAME;
      if (pfn == Buddy.NO_FRAME) {
        pfn = allocSurplusLocked();
      }
      if (pfn == Buddy.NO_FRAME) {
        return Buddy.NO_FRAME;
      }
      if (reserved) {
        PageDesc.flagsSetPlain(phys, pfn, PG_HUGETLB_RESTORE_RESERVE);
        resv--;
      }
      PageDesc.refcountSetRelease(phys, pfn, 1);
      return pfn;
    } finally {
      lock.writeUnlock();
    }
  }

  @Override
  public void freeHugeFolio(long pfn) {
    boolean restore = (PageDesc.flagsGetAcquire(phys, pfn) & PG_HUGETLB_RESTORE_RESERVE) != 0;
    PageDesc.flagsSetPlain(phys, pfn, 0);
    lock.writeLock();
    try {
      resv += restore ? 1 : 0;
      if (surplus > 0) {
        surplus--;
        total--;
        giveBack(pfn);
      } else {
        pushLocked(pfn);
      }
    } finally {
      lock.writeUnlock();
    }
  }

  /** A page beyond those that the pool was given; it counts, but is on no list yet. */
  private long allocSurplusLocked() {
    if (surplus >= sysctl.nrOvercommitHugepages) {
      return Buddy.NO_FRAME;
    }
    long pfn = allocFresh();
    if (pfn != Buddy.NO_FRAME) {
      surplus++;
      total++;
    }
    return pfn;
  }

  private void releaseSurplusLocked(long nr) {
    for (long i = 0; i < nr && free > resv; i++) {
      surplus--;
      total--;
      giveBack(popLocked());
    }
  }

  private long allocFresh() {
    long pfn = nodes.alloc(HugePages.HPAGE_ORDER, FrameType.HUGETLB, FIRST_NODE);
    if (pfn != Buddy.NO_FRAME) {
      PageDesc.refcountSetRelease(phys, pfn, 0);
    }
    return pfn;
  }

  private void giveBack(long pfn) {
    nodes.zone(nodes.nid(pfn)).free(pfn, HugePages.HPAGE_ORDER);
  }

  private void pushLocked(long pfn) {
    PageDesc.nextSetPlain(phys, pfn, freeList);
    freeList = (int) pfn;
    free++;
  }

  private long popLocked() {
    if (freeList == NIL) {
      return Buddy.NO_FRAME;
    }
    long pfn = freeList;
    freeList = PageDesc.nextGetPlain(phys, pfn);
    free--;
    return pfn;
  }
}
