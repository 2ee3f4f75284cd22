package org.jmmu.lock;

import static org.jmmu.lock.LockClass.ANON_VMA;
import static org.jmmu.lock.LockClass.MMAP_LOCK;
import static org.jmmu.lock.LockClass.PTL;
import static org.jmmu.lock.LockClass.ZONE_LOCK;
import static org.jmmu.lock.Thrown.message;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class LockOrderCheckerTest {
  private static final long PFN = 1;

  private final PhysMemory phys = new PhysMemory(4);
  private final long ptl = PageDesc.ptlAddr(phys, 2);
  private final long otherPtl = PageDesc.ptlAddr(phys, 3);
  private final RwSem mmapLock = new RwSem(MMAP_LOCK);
  private final RwSem anonVma = new RwSem(ANON_VMA);

  @AfterEach
  void nothingStaysHeld() {
    LockOrderChecker.assertNoneHeld();
    assertFalse(mmapLock.isLocked() || anonVma.isLocked() || SpinLock.isLocked(ptl));
    assertFalse(SpinLock.isLocked(otherPtl) || PageLock.isLocked(phys, PFN));
  }

  private static LockOrderException assertOutOfOrder(Executable taking) {
    return assertThrows(LockOrderException.class, taking);
  }

  @Test
  void isOnInTests() {
    assertTrue(LockOrderChecker.isEnabled(), "tests run with -Djmmu.lockdep=true");
  }

  @Test
  void theWrittenOrderPasses() {
    mmapLock.readLock();
    PageLock.lock(phys, PFN);
    anonVma.readLock();
    SpinLock.lock(ptl, PTL);
    assertEquals(
        List.of(MMAP_LOCK, LockClass.PAGE_LOCK, ANON_VMA, PTL),
        LockOrderChecker.heldByCurrentThread().stream().map(HeldLock::cls).toList());
    SpinLock.unlock(ptl, PTL);
    anonVma.readUnlock();
    PageLock.unlock(phys, PFN);
    mmapLock.readUnlock();
  }

  @Test
  void theOtherOrderIsFoundThoughNobodyWaits() {
    SpinLock.lock(ptl, PTL);
    LockOrderException e = assertOutOfOrder(() -> anonVma.readLock());
    String message = message(e);
    assertTrue(message.startsWith("ANON_VMA@"), message);
    assertTrue(message.contains("while PTL@"), message);
    assertTrue(message.contains("ANON_VMA does not stand below PTL"), message);
    // Both places: here, and where the other lock was taken.
    assertEquals(2, message.split("LockOrderCheckerTest.java:", -1).length - 1, message);
    assertOutOfOrder(anonVma::writeLock);
    assertOutOfOrder(() -> PageLock.lock(phys, PFN));
    assertOutOfOrder(() -> PageLock.waitOnLocked(phys, PFN));
    SpinLock.unlock(ptl, PTL);
    anonVma.writeLock();
    assertOutOfOrder(mmapLock::readLock);
    anonVma.writeUnlock();
  }

  @Test
  void everyHeldLockCountsNotOnlyTheLast() {
    anonVma.readLock();
    assertTrue(mmapLock.tryReadLock());
    assertOutOfOrder(() -> PageLock.lock(phys, PFN)); // below mmap_lock, but not below anon_vma
    mmapLock.readUnlock();
    anonVma.readUnlock();
  }

  @Test
  void aTryLockMayBeOutOfOrderButCountsAsHeld() {
    SpinLock.lock(ptl, PTL);
    assertTrue(PageLock.tryLock(phys, PFN));
    assertTrue(anonVma.tryWriteLock());
    assertTrue(SpinLock.tryLock(otherPtl, PTL));
    assertEquals(4, LockOrderChecker.heldByCurrentThread().size());
    SpinLock.unlock(otherPtl, PTL);
    SpinLock.unlock(ptl, PTL);
    assertOutOfOrder(() -> new RwSem(LockClass.I_MMAP_RWSEM).readLock());
    PageLock.unlock(phys, PFN);
    anonVma.writeUnlock();
  }

  @Test
  void twoOfAClassNeedTheNestedForm() {
    SpinLock.lock(ptl, PTL);
    assertOutOfOrder(() -> SpinLock.lock(otherPtl, PTL));
    assertOutOfOrder(() -> SpinLock.lockNested(otherPtl, PTL, 0));
    SpinLock.lockNested(otherPtl, PTL, 1);
    SpinLock.unlock(ptl, PTL);
    assertOutOfOrder(() -> SpinLock.lock(ptl, PTL)); // the other way round
    SpinLock.unlock(otherPtl, PTL);

    RwSem childMmapLock = new RwSem(MMAP_LOCK);
    mmapLock.writeLock();
    assertOutOfOrder(childMmapLock::writeLock);
    assertOutOfOrder(childMmapLock::readLock);
    childMmapLock.writeLockNested(1);
    childMmapLock.writeUnlock();
    mmapLock.writeUnlock();
  }

  @Test
  void theSameLockIsNotNested() {
    SpinLock.lock(ptl, PTL);
    LockOrderException e = assertOutOfOrder(() -> SpinLock.lockNested(ptl, PTL, 1));
    assertTrue(message(e).endsWith("it is the same lock"), message(e));
    SpinLock.unlock(ptl, PTL);
  }

  @Test
  void releaseOrderIsFree() {
    mmapLock.writeLock();
    SpinLock.lock(ptl, PTL);
    mmapLock.writeUnlock();
    assertEquals(PTL, LockOrderChecker.heldByCurrentThread().getFirst().cls());
    SpinLock.unlock(ptl, PTL);
  }

  @Test
  void threadsAreCheckedEachOnItsOwn() {
    SpinLock.lock(ptl, ZONE_LOCK);
    Threads.elsewhere(
        () -> {
          mmapLock.writeLock();
          mmapLock.writeUnlock();
        });
    SpinLock.unlock(ptl, ZONE_LOCK);
  }

  @Test
  void aLockLeftHeldIsNamedWithItsPlace() {
    mmapLock.readLock();
    IllegalStateException e =
        assertThrows(IllegalStateException.class, LockOrderChecker::assertNoneHeld);
    assertTrue(message(e).startsWith("still held: [MMAP_LOCK@"), message(e));
    assertTrue(message(e).contains("LockOrderCheckerTest.java:"), message(e));
    assertTrue(LockOrderChecker.whoHoldsWhat().contains(" holds MMAP_LOCK@"));
    mmapLock.readUnlock();
  }

  @Test
  void downgradingKeepsTheLockHeld() {
    mmapLock.writeLock();
    mmapLock.downgradeWrite();
    assertEquals(1, LockOrderChecker.heldByCurrentThread().size());
    mmapLock.readUnlock();
  }
}
