package org.jmmu.swap;

import static org.jmmu.swap.MigrationEntry.SWP_MIGRATION_READ;
import static org.jmmu.swap.MigrationEntry.SWP_MIGRATION_READ_EXCLUSIVE;
import static org.jmmu.swap.MigrationEntry.SWP_MIGRATION_WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MigrationEntryTest {
  private static final long PFN = 0x12345;

  /** Words computed from Linux 6.18's macros. */
  @Test
  void encodesAsLinuxDoes() {
    assertEquals(0xcfff_ffff_fdb9_7400L, MigrationEntry.of(SWP_MIGRATION_READ, PFN, false, false));
    assertEquals(
        0xd7ff_ffff_fdb9_7400L, MigrationEntry.of(SWP_MIGRATION_READ_EXCLUSIVE, PFN, false, false));
    assertEquals(0xdfff_ffff_fdb9_7400L, MigrationEntry.of(SWP_MIGRATION_WRITE, PFN, false, false));
    assertEquals(0xdfff_f7ff_fdb9_7400L, MigrationEntry.of(SWP_MIGRATION_WRITE, PFN, true, false));
    assertEquals(0x07ff_ffff_ffff_f400L, SwapPte.of(0, 5));
  }

  @ParameterizedTest
  @CsvSource({
    "25, 1, false, false",
    "26, 0x3ffffffff, true, false",
    "27, 0x12345, false, true",
    "27, 0x2aaaaaaaa, true, true"
  })
  void decodesWhatItEncoded(int type, String pfn, boolean young, boolean dirty) {
    long word = MigrationEntry.of(type, Long.decode(pfn), young, dirty);
    assertTrue(MigrationEntry.isMigrationEntry(word));
    assertEquals(type, SwapPte.type(word));
    assertEquals(Long.decode(pfn), MigrationEntry.pfn(word));
    assertEquals(young, MigrationEntry.isYoung(word));
    assertEquals(dirty, MigrationEntry.isDirty(word));
  }

  @Test
  void takingWriteAccessAwayKeepsTheRest() {
    long word = MigrationEntry.of(SWP_MIGRATION_WRITE, PFN, true, true);
    assertTrue(MigrationEntry.isWritable(word));
    assertEquals(
        MigrationEntry.of(SWP_MIGRATION_READ, PFN, true, true), MigrationEntry.toReadable(word));
  }

  @Test
  void isNotMistakenForOtherWords() {
    long present = PFN << 12 | 1;
    long protNone = ((~PFN << 12) & ((1L << 52) - 1)) | 1L << 8;
    assertFalse(MigrationEntry.isMigrationEntry(0));
    assertFalse(MigrationEntry.isMigrationEntry(present));
    assertFalse(SwapPte.isSwapPte(protNone));
    assertFalse(MigrationEntry.isMigrationEntry(SwapPte.of(0, 5)));
  }
}
