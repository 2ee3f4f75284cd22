package org.jmmu.lock;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;

/** The four nestings of bd_sem and mmap_lock that the proposal of 2014 allows, and no other. */
class BoundsLockOrderTest {
  private final RwSem bdSem = new RwSem(LockClass.BD_SEM);
  private final MmapLock mmapLock = new MmapLock();

  @Test
  void mmapLockNestsInTheDirectorysSemaphore() {
    bdSem.readLock();
    mmapLock.readLock();
    mmapLock.readUnlock();
    mmapLock.writeLock();
    mmapLock.writeUnlock();
    bdSem.readUnlock();
    bdSem.writeLock();
    mmapLock.readLock();
    mmapLock.readUnlock();
    mmapLock.writeLock();
    mmapLock.writeUnlock();
    bdSem.writeUnlock();
  }

  @Test
  void theSemaphoreNeverNestsInMmapLock() {
    assumeTrue(LockOrderChecker.isEnabled());
    mmapLock.readLock();
    assertThrows(LockOrderException.class, bdSem::readLock);
    assertThrows(LockOrderException.class, bdSem::writeLock);
    mmapLock.readUnlock();
    mmapLock.writeLock();
    assertThrows(LockOrderException.class, bdSem::readLock);
    assertThrows(LockOrderException.class, bdSem::writeLock);
    mmapLock.writeUnlock();
  }
}
