package org.jmmu.lock;

import static org.jmmu.lock.LockClass.ANON_VMA;
import static org.jmmu.lock.LockClass.I_MMAP_RWSEM;
import static org.jmmu.lock.LockClass.MMAP_LOCK;
import static org.jmmu.lock.LockClass.PAGE_LOCK;
import static org.jmmu.lock.LockClass.PTL;
import static org.jmmu.lock.LockClass.ZONE_LOCK;
import static org.jmmu.lock.Thrown.message;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class LockOrderTreeTest {
  /** Every class at the root but those named. */
  private static String restAtTheRoot(LockClass... named) {
    return Arrays.stream(LockClass.values())
        .filter(cls -> !Set.of(named).contains(cls))
        .map(LockClass::name)
        .collect(Collectors.joining("\n"));
  }

  private static String written() {
    LockOrder order = LockOrder.class.getPackage().getAnnotation(LockOrder.class);
    assertTrue(order != null);
    return order.value();
  }

  @Test
  void everyLockClassStandsInTheWrittenOrder() {
    for (LockClass cls : LockClass.values()) {
      assertTrue(written().contains(cls.name()), cls.name());
    }
    LockOrderTree.parse(written());
  }

  @Test
  void theWrittenOrderIsTheKernels() {
    LockOrderTree order = LockOrderTree.parse(written());
    assertTrue(order.allows(MMAP_LOCK, PTL));
    assertTrue(order.allows(PAGE_LOCK, ANON_VMA));
    assertTrue(order.allows(I_MMAP_RWSEM, ANON_VMA));
    assertFalse(order.allows(ANON_VMA, I_MMAP_RWSEM));
    assertFalse(order.allows(ANON_VMA, PAGE_LOCK));
    assertFalse(order.allows(PTL, PAGE_LOCK));
    assertFalse(order.allows(ZONE_LOCK, PTL));
  }

  @Test
  void descendantsMayBeTakenAndNothingElse() {
    LockOrderTree order =
        LockOrderTree.parse(
            """
            MMAP_LOCK      # comment

              PAGE_LOCK
                PTL
              ANON_VMA
            """
                + restAtTheRoot(MMAP_LOCK, PAGE_LOCK, PTL, ANON_VMA));
    assertTrue(order.allows(MMAP_LOCK, PTL));
    assertTrue(order.allows(MMAP_LOCK, ANON_VMA));
    assertFalse(order.allows(PAGE_LOCK, ANON_VMA));
    assertFalse(order.allows(ANON_VMA, PTL));
    assertFalse(order.allows(PTL, PAGE_LOCK));
    assertFalse(order.allows(PTL, PTL));
    assertFalse(order.allows(MMAP_LOCK, ZONE_LOCK));
  }

  @Test
  void aClassAtTwoPlacesMayBeTakenUnderBoth() {
    LockOrderTree order =
        LockOrderTree.parse(
            """
            MMAP_LOCK
              PTL
                ZONE_LOCK
            PAGE_LOCK
              PTL
            """
                + restAtTheRoot(MMAP_LOCK, PTL, ZONE_LOCK, PAGE_LOCK));
    assertTrue(order.allows(MMAP_LOCK, PTL));
    assertTrue(order.allows(PAGE_LOCK, PTL));
    assertTrue(order.allows(PAGE_LOCK, ZONE_LOCK), "PTL may be between them");
    assertFalse(order.allows(MMAP_LOCK, PAGE_LOCK));
  }

  @Test
  void aTextThatIsNoTreeOfLockClassesIsRefused() {
    assertRefused("MMAP_LOCK\n   PAGE_LOCK", "line 2: indent by 2 spaces");
    assertRefused("MMAP_LOCK\n    PAGE_LOCK", "line 2: indent by 2 spaces");
    assertRefused("  MMAP_LOCK", "line 1: indent by 2 spaces");
    assertRefused("MMAP_LOCK\n\tPAGE_LOCK", "line 2: indent by 2 spaces");
    assertRefused("MMAP_LOCK\n  NO_SUCH", "line 2: 'NO_SUCH' is not a lock class");
    assertRefused("MMAP_LOCK PTL", "line 1: 'MMAP_LOCK PTL' is not a lock class");
    assertRefused(" # nothing\n", "no place for [INODE_LOCK, KSM_THREAD_MUTEX, ");
    assertRefused(restAtTheRoot(PTL), "no place for [PTL]");
  }

  @Test
  void aClassBelowItselfIsRefused() {
    assertRefused(
        "PTL\n  ZONE_LOCK\nZONE_LOCK\n  PTL\n" + restAtTheRoot(PTL, ZONE_LOCK),
        "PTL stands below itself");
    assertRefused("PTL\n  PTL\n" + restAtTheRoot(PTL), "PTL stands below itself");
  }

  private static void assertRefused(String text, String why) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> LockOrderTree.parse(text));
    String message = message(e);
    assertTrue(message.startsWith("lock order") && message.contains(why), message);
  }

  @Test
  void theMessageShowsTheLine() {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> LockOrderTree.parse("MMAP_LOCK\n PTL"));
    assertEquals(
        "lock order, line 2: indent by 2 spaces per level, one level at a time: ' PTL'",
        message(e));
  }
}
