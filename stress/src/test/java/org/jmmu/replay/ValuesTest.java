package org.jmmu.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.jmmu.replay.Values.UnknownValueException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Numbers as strace prints them. */
class ValuesTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "4096, 4096",
    "-1, -1",
    "0x7ffff7fc0000, 140737353875456",
    "0xffffffffffffffff, -1",
    "NULL, 0",
    "PROT_READ|PROT_WRITE, 3",
    "MAP_PRIVATE|MAP_ANONYMOUS|0x1000000, 16777250",
    "MAP_PRIVATE|21<<MAP_HUGE_SHIFT, 1409286146",
    "0x1b /* MADV_??? */, 27",
    "MADV_POPULATE_WRITE, 23"
  })
  void number(String text, long value) throws UnknownValueException {
    assertEquals(value, Values.of(text));
  }

  @Test
  void unknownName() {
    UnknownValueException e =
        assertThrows(UnknownValueException.class, () -> Values.of("PROT_READ|PROT_NEW"));
    assertEquals("PROT_NEW", e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"3</a>, 3", "0x10 (flags F), 16", "-1 ENOMEM (x), -1", "?, -1"})
  void leading(String text, long value) {
    assertEquals(value, Values.leadingNumber(text));
  }
}
