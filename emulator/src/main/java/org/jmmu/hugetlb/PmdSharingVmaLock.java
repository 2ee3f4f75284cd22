package org.jmmu.hugetlb;

import org.jmmu.hw.Cpu;
import org.jmmu.lock.LockClass;
import org.jmmu.lock.Retries;
import org.jmmu.lock.RwSem;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.PmdSharing;
import org.jmmu.phys.PhysMemory;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.HugetlbVmaLock;
import org.jmmu.types.VmFault;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/**
 * Linux since 6.1: a lock per VMA. A fault holds it for reading, whoever unmaps or gives a table up
 * holds it for writing. Faults of different mappings have no lock in common.
 *
 * <p>A truncation comes by way of the file and so has i_mmap_rwsem first, against the order: it
 * only tries the lock of a VMA, and where that fails gives i_mmap_rwsem up to wait.
 *
 * @kernel 40549ba8f8e0 8d9bfb260814
 */
public final class PmdSharingVmaLock implements PmdSharingProtocol {
  @Override
  public LockClass faultMutexClass() {
    return LockClass.HUGETLB_FAULT_MUTEX;
  }

  @Override
  public int hugetlbFault(HugetlbFault fault, @Nullable Cpu cpu, Vma vma, long vaddr, int flags) {
    RwSem mutex = fault.mutex(vma, vaddr);
    HugetlbVmaLock vmaLock = vma.hugetlbVmaLock();
    while (true) {
      int result;
      mutex.writeLock();
      if (vmaLock != null) {
        vmaLock.rwSema.readLock();
      }
      try {
        long pmdAddr = fault.sharing().hugePteAlloc(vma, vaddr);
        if (pmdAddr == PageTables.NONE) {
          return VmFault.VM_FAULT_OOM;
        }
        result = fault.faultLocked(cpu, vma, vaddr, pmdAddr, flags);
      } finally {
        if (vmaLock != null) {
          vmaLock.rwSema.readUnlock();
        }
        mutex.writeUnlock();
      }
      if (result != HugetlbWp.TAKE_BACK) {
        return result;
      }
      fault.takeBack(vma, vaddr);
    }
  }

  @Override
  public boolean isStillPtep(PmdSharing sharing, Vma vma, long vaddr, long pmdAddr) {
    return true;
  }

  @Override
  public void lockForUnmap(Vma vma) {
    HugetlbVmaLock vmaLock = vma.hugetlbVmaLock();
    if (vmaLock != null) {
      vmaLock.rwSema.writeLock();
    }
    HugePages.mapping(vma).iMmapRwsem.writeLock();
  }

  @Override
  public void unlockForUnmap(Vma vma) {
    HugetlbVmaLock vmaLock = vma.hugetlbVmaLock();
    if (vmaLock != null) {
      vmaLock.rwSema.writeUnlock();
    }
    HugePages.mapping(vma).iMmapRwsem.writeUnlock();
  }

  @Override
  public void vmdeleteList(HugetlbUnmap unmap, AddressSpace mapping, long first, long last) {
    mapping.iMmapRwsem.writeLock();
    try {
      for (Vma vma = mapping.iMmap.firstOverlap(first, last);
          vma != null;
          vma = mapping.iMmap.nextOverlap(vma, first, last)) {
        if (!tryLockVma(vma)) {
          continue; // whoever removes the pages finds them mapped
        }
        unmap.unmapOne(vma, first, last);
        unlockVma(vma);
      }
    } finally {
      mapping.iMmapRwsem.writeUnlock();
    }
  }

  @Override
  public void unmapFileFolio(HugetlbUnmap unmap, AddressSpace mapping, long index, RwSem mutex) {
    long first = index << HugePages.HPAGE_ORDER;
    long last = first + HugePages.NR_FRAMES - 1;
    Retries retries = null;
    HugetlbVmaLock busy;
    do {
      busy = null;
      mapping.iMmapRwsem.writeLock();
      for (Vma vma = mapping.iMmap.firstOverlap(first, last);
          vma != null;
          vma = mapping.iMmap.nextOverlap(vma, first, last)) {
        if (!tryLockVma(vma)) {
          busy = vma.hugetlbVmaLock();
          break;
        }
        unmap.unmapOne(vma, first, last);
        unlockVma(vma);
      }
      mapping.iMmapRwsem.writeUnlock();
      if (busy != null) {
        busy.rwSema.writeLock(); // in the order in which faults take the two
        busy.rwSema.writeUnlock();
        retries = Retries.again(retries, "hugetlbUnmapFileFolio");
      }
    } while (busy != null);
    Retries.end(retries);
  }

  @Override
  public boolean mappingLockWrite(PhysMemory phys, AddressSpace mapping, long pfn) {
    return mapping.iMmapRwsem.tryWriteLock();
  }

  @Override
  public void mappingUnlockWrite(AddressSpace mapping) {
    mapping.iMmapRwsem.writeUnlock();
  }

  @Override
  public boolean tryLockVma(Vma vma) {
    HugetlbVmaLock vmaLock = vma.hugetlbVmaLock();
    return vmaLock == null || vmaLock.rwSema.tryWriteLock();
  }

  @Override
  public void unlockVma(Vma vma) {
    HugetlbVmaLock vmaLock = vma.hugetlbVmaLock();
    if (vmaLock != null) {
      vmaLock.rwSema.writeUnlock();
    }
  }
}
