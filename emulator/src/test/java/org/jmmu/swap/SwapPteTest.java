package org.jmmu.swap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** The encodings, against worked values. */
class SwapPteTest {
  @Test
  void wordOfTypeAndOffset() {
    assertEquals(0x07ff_ffff_ffff_f400L, SwapPte.of(0, 5));
    assertEquals(0x0fff_ffff_ffff_fc00L, SwapPte.of(1, 1));
    assertEquals(0xbfff_ffff_ffff_fc00L, SwapPte.of(23, 1));
  }

  @Test
  void everyEntryReadsBackAndIsNeitherEmptyNorPresent() {
    for (int type = 0; type < SwapPte.MAX_SWAPFILES; type++) {
      for (long offset : new long[] {1, 2, 511, 1L << 31, (1L << 49) - 2}) {
        long pteVal = SwapPte.ofEntry(SwpEntry.of(type, offset));
        assertTrue(SwapPte.isSwapEntry(pteVal));
        assertEquals(SwpEntry.of(type, offset), SwapPte.toEntry(pteVal));
        long exclusive = SwapPte.mkExclusive(pteVal);
        assertTrue(SwapPte.isSwapEntry(exclusive));
        assertTrue(SwapPte.isExclusive(exclusive));
        assertEquals(pteVal ^ 8, exclusive); // bit 3
        assertEquals(SwapPte.toEntry(pteVal), SwapPte.toEntry(exclusive));
        assertEquals(pteVal, SwapPte.clearExclusive(exclusive));
        assertFalse(SwapPte.isExclusive(pteVal));
      }
    }
  }

  @Test
  void otherNonPresentWordsAreNoSwapEntries() {
    assertFalse(SwapPte.isSwapEntry(0));
    assertFalse(SwapPte.isSwapEntry(MigrationEntry.of(25, 7, false, false)));
    assertFalse(SwapPte.isSwapEntry(SwapPte.of(SwapPte.MAX_SWAPFILES, 1)));
    assertFalse(SwapPte.isSwapEntry(0x100)); // PROT_NONE
    assertFalse(MigrationEntry.isMigrationEntry(SwapPte.of(23, 1)));
  }

  @Test
  void genericEntryHasItsTypeInTheTopFiveOf63Bits() {
    assertEquals(1L << 58 | 3, SwpEntry.of(1, 3));
    assertEquals(0x7c00_0000_0000_0001L, SwpEntry.of(31, 1));
    assertEquals(31, SwpEntry.type(SwpEntry.of(31, 1)));
    assertEquals(1, SwpEntry.offset(SwpEntry.of(31, 1)));
  }
}
