package org.jmmu.race.vmaadjust;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jmmu.rmap.RmapOne;
import org.jmmu.rmap.VmaAdjustProtocol;
import org.jmmu.sched.DeadlockException;
import org.jmmu.sched.ShortDeadline;
import org.jmmu.types.AnonVma;
import org.jmmu.types.AnonVmaChain;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A walk that starts over again and again comes to an end, and says how often it did. */
class VmaAdjustLivelockTest {
  private final AnonVma anonVma = new AnonVma(0);
  private final AnonVma ofChild = new AnonVma(1);
  private final Vma vma = new Vma(new Mm(0), 0, PAGE_SIZE, 0, 0);
  private int visits;

  @BeforeEach
  void vmaOfAChildOnTheParentsList() {
    anonVma.init(null);
    ofChild.init(anonVma);
    vma.anonVmaSetRelease(ofChild);
    anonVma.addTailLocked(new AnonVmaChain(vma, anonVma));
  }

  private int walk(VmaAdjustVariant variant, RmapOne one) {
    VmaAdjustProtocol protocol = variant.protocol();
    return protocol.rmapWalkAnon(anonVma, 0, 0, one, 0);
  }

  /** As another process of the fork tree may do at any time. */
  private boolean changeSomething() {
    visits++;
    vma.mm.rmapConsistent.writeBegin();
    vma.mm.rmapConsistent.writeEnd();
    return true;
  }

  @Test
  void seqWalkStartsOverOncePerChange() {
    int restarts =
        walk(VmaAdjustVariant.SEQ_WALK, (_, _, _, _) -> visits == 3 || changeSomething());
    assertEquals(3, restarts);
  }

  @Test
  void seqWalkIsALivelockWhileChangesGoOn() {
    try (ShortDeadline _ = new ShortDeadline()) {
      DeadlockException livelock =
          assertThrows(
              DeadlockException.class,
              () -> walk(VmaAdjustVariant.SEQ_WALK, (_, _, _, _) -> changeSomething()));
      assertStartedOver(livelock);
    }
    assertFalse(anonVma.rwsem.isLocked());
  }

  @Test
  void trylockRestartIsALivelockWhileTheOtherLockIsHeld() throws InterruptedException {
    Thread holder = Thread.ofPlatform().start(ofChild.rwsem::writeLock);
    holder.join();
    try (ShortDeadline _ = new ShortDeadline()) {
      DeadlockException livelock =
          assertThrows(
              DeadlockException.class,
              () -> walk(VmaAdjustVariant.TRYLOCK_RESTART, (_, _, _, _) -> true));
      assertStartedOver(livelock);
    }
    assertFalse(anonVma.rwsem.isLocked());
  }

  private static void assertStartedOver(DeadlockException livelock) {
    String message = String.valueOf(livelock.getMessage());
    assertTrue(message.contains("rmap walk, which has started over"), message);
  }
}
