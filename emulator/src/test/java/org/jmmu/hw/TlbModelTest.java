package org.jmmu.hw;

import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Nothing that was flushed is ever used again, and nothing that the tables never held. */
class TlbModelTest {
  private static final long OPERATIONS = Long.getLong("jmmu.tlb.operations", 60_000);

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void everyAccessUsesWhatTheTablesHoldOrHeldSinceTheFlush(long seed) {
    assertNull(new TlbModelRun(seed).apply(OPERATIONS));
  }
}
