package org.jmmu.lock;

import static org.jmmu.lock.Thrown.message;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.sched.DeadlockException;
import org.jmmu.sched.ShortDeadline;
import org.junit.jupiter.api.Test;

/**
 * Misuse is refused where the order checker is off as well, as in stress tests and benchmarks. The
 * checker is a constant of its class, so that this needs classes of its own.
 */
class UncheckedLocksTest {
  @Test
  void misuseIsRefusedWithoutTheChecker() throws Exception {
    List<URL> classPath = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      classPath.add(Path.of(entry).toUri().toURL());
    }
    String before = System.getProperty(LockOrderChecker.PROPERTY, "");
    System.setProperty(LockOrderChecker.PROPERTY, "false");
    try (URLClassLoader fresh =
        new URLClassLoader(classPath.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
      Class<?> unchecked = fresh.loadClass(Unchecked.class.getName());
      ((Runnable) unchecked.getDeclaredConstructor().newInstance()).run();
    } finally {
      System.setProperty(LockOrderChecker.PROPERTY, before);
    }
  }

  /** What to do with the classes of its own; made by reflection. */
  public static final class Unchecked implements Runnable {
    private final PhysMemory phys = new PhysMemory(4);
    private final long ptl = PageDesc.ptlAddr(phys, 1);
    private final RwSem sem = new RwSem(LockClass.MMAP_LOCK);

    @Override
    public void run() {
      assertFalse(LockOrderChecker.isEnabled());
      spinLock();
      pageLock();
      rwSem();
      LockOrderChecker.assertNoneHeld();
      assertEquals(List.of(), LockOrderChecker.heldByCurrentThread());
    }

    private void spinLock() {
      assertThrows(IllegalStateException.class, () -> SpinLock.unlock(ptl, LockClass.PTL));
      SpinLock.lock(ptl, LockClass.PTL);
      assertThrows(IllegalStateException.class, () -> SpinLock.lock(ptl, LockClass.PTL));
      Threads.elsewhere(
          () ->
              assertThrows(IllegalStateException.class, () -> SpinLock.unlock(ptl, LockClass.PTL)));
      SpinLock.unlock(ptl, LockClass.PTL);
    }

    private void pageLock() {
      assertThrows(IllegalStateException.class, () -> PageLock.unlock(phys, 1));
      PageLock.lock(phys, 1);
      try (ShortDeadline _ = new ShortDeadline()) {
        DeadlockException e = assertThrows(DeadlockException.class, () -> PageLock.lock(phys, 1));
        assertTrue(message(e).contains("-Djmmu.lockdep=true shows who holds what"), message(e));
      }
      PageLock.unlock(phys, 1);
    }

    private void rwSem() {
      assertThrows(IllegalStateException.class, sem::readUnlock);
      assertThrows(IllegalStateException.class, sem::writeUnlock);
      sem.readLock();
      assertThrows(IllegalStateException.class, sem::readLock);
      assertThrows(IllegalStateException.class, sem::writeLock);
      sem.readUnlock();
      sem.writeLock();
      assertThrows(IllegalStateException.class, sem::readLock);
      Threads.elsewhere(() -> assertThrows(IllegalStateException.class, sem::writeUnlock));
      sem.writeUnlock();
    }
  }
}
