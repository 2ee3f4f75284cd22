package org.jmmu.swap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The encoding of kernels before 4.19, and that it is not taken for today's. */
class LowTypeEntryTest {
  /** An entry that a kernel of 2010 printed when it stopped. */
  private static final long OOPS = 0x0ef4_5c3eL;

  @Test
  void readsTheEntryOfTheOops() {
    assertTrue(MigrationEntry.isMigrationEntry(OOPS));
    assertTrue(MigrationEntry.isWritable(OOPS));
    assertEquals(0x77a2e, MigrationEntry.pfn(OOPS));
    assertEquals(0xf800_0000_0007_7a2eL, ((long) SwapPte.type(OOPS) << 59) | SwapPte.offset(OOPS));
    assertEquals(
        OOPS,
        EntryEncoding.LOW_TYPE.migrationEntry(
            MigrationEntry.SWP_MIGRATION_WRITE, 0x77a2e, true, true));
    assertEquals(0x0ef4_5c3cL, MigrationEntry.toReadable(OOPS));
    assertEquals(0x0ef4_5c3cL, MigrationEntry.toReadableExclusive(OOPS));
  }

  @ParameterizedTest
  @CsvSource({"25, 30", "26, 30", "27, 31"})
  void migrationEntriesReadBack(int type, int lowType) {
    for (long pfn : new long[] {1, 0x12345, (1L << 34) - 1}) {
      long word = EntryEncoding.LOW_TYPE.migrationEntry(type, pfn, true, false);
      assertTrue(MigrationEntry.isMigrationEntry(word));
      assertFalse(SwapPte.isSwapEntry(word));
      assertEquals(lowType, SwapPte.type(word));
      assertEquals(pfn, MigrationEntry.pfn(word));
      assertEquals(lowType == 31, MigrationEntry.isWritable(word));
      assertEquals(lowType == 30, MigrationEntry.isReadable(word));
      assertFalse(MigrationEntry.isYoung(word));
      assertFalse(MigrationEntry.isDirty(word));
    }
  }

  @Test
  void swapEntriesReadBack() {
    for (int type = 0; type < 29; type++) {
      for (long offset : new long[] {1, 2, 511, 1L << 31, (1L << 49) - 2}) {
        long entry = SwpEntry.of(type, offset);
        for (boolean exclusive : new boolean[] {false, true}) {
          long word = EntryEncoding.LOW_TYPE.swapPte(entry, exclusive);
          assertTrue(SwapPte.isSwapEntry(word));
          assertFalse(MigrationEntry.isMigrationEntry(word));
          assertEquals(entry, SwapPte.toEntry(word));
          assertFalse(SwapPte.isExclusive(word));
          assertEquals(word, SwapPte.clearExclusive(word));
          assertEquals(word, SwapPte.mkUffdWp(word));
          assertEquals(word, SwapPte.clearUffdWp(word));
          assertFalse(SwapPte.isUffdWp(word));
        }
      }
    }
    assertFalse(SwapPte.isSwapEntry(SwapPte.ofLowType(29, 1))); // poisoned memory
  }
}
