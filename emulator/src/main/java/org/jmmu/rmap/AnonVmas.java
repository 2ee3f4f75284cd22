package org.jmmu.rmap;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;

import org.jmmu.alloc.FailAlloc;
import org.jmmu.lock.LockClass;
import org.jmmu.lock.SpinLock;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.phys.Slot;
import org.jmmu.phys.SlotTable;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.AnonVma;
import org.jmmu.types.AnonVmaChain;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.KernelBug;
import org.jmmu.types.Mm;
import org.jmmu.types.VmFlags;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/**
 * Ties VMAs to anon_vmas: at the first fault, at split, merge and fork, and at unmapping.
 *
 * @kernel mm/rmap.c:anon_vma_prepare, anon_vma_clone, anon_vma_fork, unlink_anon_vmas
 */
public final class AnonVmas {
  private final PhysMemory phys;
  private final SlotTable<AnonVma> slots;
  private final FailAlloc failAlloc;
  private final VmaAdjustProtocol protocol;

  public AnonVmas(
      PhysMemory phys, SlotTable<AnonVma> slots, FailAlloc failAlloc, VmaAdjustProtocol protocol) {
    this.phys = phys;
    this.slots = slots;
    this.failAlloc = failAlloc;
    this.protocol = protocol;
  }

  public VmaAdjustProtocol protocol() {
    return protocol;
  }

  /** The anon_vma that a {@code mapping} word names; null if it names none. */
  public @Nullable AnonVma of(long mapping) {
    return Slot.tag(mapping) == PageFlags.PAGE_MAPPING_ANON ? slots.get(mapping) : null;
  }

  /**
   * Makes sure that pages may fault in. The caller holds mmap_lock, reading is enough.
   *
   * @throws ErrnoException ENOMEM
   */
  public AnonVma prepare(Vma vma) {
    AnonVma present = vma.anonVmaGetAcquire();
    return present != null ? present : prepareSlow(vma);
  }

  /**
   * Puts {@code dst}, which is on none, on the list of every anon_vma of {@code src}, oldest first.
   *
   * @throws ErrnoException ENOMEM, and then it is on none again
   */
  public void cloneChain(Vma dst, Vma src) {
    try {
      for (AnonVmaChain avc = src.anonVmaChain.tail(); avc != null; avc = avc.sameVmaPrev()) {
        failAlloc.check("anon_vma_chain");
        link(dst, avc.anonVma);
      }
    } catch (ErrnoException e) {
      unlink(dst);
      throw e;
    }
  }

  /**
   * Before pages of {@code exporter} become pages of {@code importer}: walks must find them. Does
   * nothing if {@code importer} has an anon_vma.
   *
   * @throws ErrnoException ENOMEM, with nothing changed
   */
  public void importChain(Vma importer, Vma exporter) {
    assert importer.isWriteLocked() : importer;
    AnonVma anonVma = exporter.anonVmaGetAcquire();
    if (anonVma != null && importer.anonVmaGetAcquire() == null) {
      cloneChain(importer, exporter);
      importer.anonVmaSetRelease(anonVma);
    }
  }

  /**
   * The child's VMA joins all lists of its parent's and gets an anon_vma of its own.
   *
   * @throws ErrnoException ENOMEM, and then it is on no list
   */
  public void fork(Vma vma, Vma parent) {
    AnonVma parentAnonVma = parent.anonVmaGetAcquire();
    if (parentAnonVma == null) {
      return;
    }
    cloneChain(vma, parent);
    try {
      failAlloc.check("anon_vma");
      failAlloc.check("anon_vma_chain");
    } catch (ErrnoException e) {
      unlink(vma);
      throw e;
    }
    AnonVma anonVma = slots.allocate();
    anonVma.init(parentAnonVma.root());
    get(anonVma.root()); // the root is freed last: its lock is everybody's
    vma.anonVmaSetRelease(anonVma);
    link(vma, anonVma);
  }

  /** Takes a VMA off all lists; an anon_vma without VMAs and pins is freed. */
  public void unlink(Vma vma) {
    AnonVmaChain avc;
    while ((avc = vma.anonVmaChain.removeHead()) != null) {
      AnonVma anonVma = avc.anonVma;
      protocol.anonVmaLock(anonVma);
      protocol.anonVmaChainUnlink(avc);
      boolean empty = anonVma.isEmptyLocked();
      protocol.anonVmaUnlock(anonVma);
      if (empty) {
        put(anonVma);
      }
    }
    vma.anonVmaSetRelease(null);
  }

  /** Pins an anon_vma that the caller knows to be alive. */
  public void get(AnonVma anonVma) {
    anonVma.refcountGetAndAdd(1);
  }

  /**
   * Pins the anon_vma of a page that may be unmapped, and its anon_vma freed, at any time.
   *
   * @return null if the page is not mapped
   * @kernel mm/rmap.c:folio_get_anon_vma
   */
  public @Nullable AnonVma getMapped(long pfn) {
    AnonVma anonVma = of(PageDesc.mappingGetAcquire(phys, pfn));
    if (anonVma == null
        || PageDesc.mapcountGetAcquire(phys, pfn) == 0
        || !anonVma.getUnlessZero()) {
      return null;
    }
    // Mapped before and after: it was not freed in between, so this is still the page's own.
    if (PageDesc.mapcountGetAcquire(phys, pfn) == 0) {
      put(anonVma);
      return null;
    }
    return anonVma;
  }

  public void put(AnonVma anonVma) {
    if (anonVma.refcountGetAndAdd(-1) == 1) {
      putLast(anonVma);
    }
  }

  /**
   * The last reference is gone. Not to be called with the root's lock held.
   *
   * @kernel mm/rmap.c:__put_anon_vma, anon_vma_free
   */
  public void putLast(AnonVma anonVma) {
    AnonVma root = anonVma.root();
    // Whoever has the lock by way of a page that was mapped then goes on reading the list.
    if (root.rwsem.isLocked()) {
      root.rwsem.writeLock();
      root.rwsem.writeUnlock();
    }
    slots.free(anonVma);
    if (root != anonVma) {
      put(root);
    }
  }

  /** The slot that an anonymous page's {@code mapping} names, whoever has it by now. */
  public AnonVma slot(long mapping) {
    return slots.get(mapping);
  }

  /** The anon_vma of a VMA that has been prepared. */
  public AnonVma ownOf(Vma vma) {
    AnonVma anonVma = vma.anonVmaGetAcquire();
    if (anonVma == null) {
      throw new KernelBug("no anon_vma in " + vma);
    }
    return anonVma;
  }

  private AnonVma prepareSlow(Vma vma) {
    failAlloc.check("anon_vma_chain");
    AnonVma anonVma = findMergeable(vma);
    boolean fresh = anonVma == null;
    if (anonVma == null) {
      failAlloc.check("anon_vma");
      anonVma = slots.allocate();
      anonVma.init(null);
    }
    long pageTableLock = PageDesc.ptlAddr(phys, vma.mm.pgdPfn);
    PausePoint.reach("anonVmaPrepare.allocated");
    protocol.anonVmaLock(anonVma);
    SpinLock.lock(pageTableLock, LockClass.PAGE_TABLE_LOCK); // two threads may fault here
    AnonVma winner = vma.anonVmaGetAcquire();
    if (winner == null) {
      AnonVmaChain avc = new AnonVmaChain(vma, anonVma);
      vma.anonVmaChain.addHead(avc);
      protocol.anonVmaChainLink(avc);
      vma.anonVmaSetRelease(anonVma);
    }
    SpinLock.unlock(pageTableLock, LockClass.PAGE_TABLE_LOCK);
    protocol.anonVmaUnlock(anonVma);
    if (winner == null) {
      return anonVma;
    }
    if (fresh) {
      put(anonVma);
    }
    return winner;
  }

  /** A neighbour's anon_vma, so that the two VMAs can be merged one day. */
  private static @Nullable AnonVma findMergeable(Vma vma) {
    Mm mm = vma.mm;
    Vma next = mm.vmas.next(vma);
    if (next != null && areCompatible(vma, next)) {
      AnonVma anonVma = reusable(next);
      if (anonVma != null) {
        return anonVma;
      }
    }
    Vma prev = mm.vmas.prev(vma);
    return prev != null && areCompatible(prev, vma) ? reusable(prev) : null;
  }

  /** Not after a fork: the list of an inherited anon_vma must not grow by unrelated VMAs. */
  private static @Nullable AnonVma reusable(Vma vma) {
    AnonVma anonVma = vma.anonVmaGetAcquire();
    return anonVma != null && vma.anonVmaChain.isSingular() ? anonVma : null;
  }

  private static boolean areCompatible(Vma low, Vma high) {
    long pages = (high.vmStartGetOpaque() - low.vmStartGetOpaque()) >> PAGE_SHIFT;
    return low.vmEndGetOpaque() == high.vmStartGetOpaque()
        && ((low.vmFlagsGetOpaque() ^ high.vmFlagsGetOpaque()) & ~VmFlags.VM_ACCESS_FLAGS) == 0
        && high.vmPgoffGetOpaque() == low.vmPgoffGetOpaque() + pages;
  }

  private void link(Vma vma, AnonVma anonVma) {
    AnonVmaChain avc = new AnonVmaChain(vma, anonVma);
    vma.anonVmaChain.addHead(avc);
    protocol.anonVmaLock(anonVma);
    protocol.anonVmaChainLink(avc);
    protocol.anonVmaUnlock(anonVma);
  }
}
