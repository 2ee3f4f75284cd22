package org.jmmu.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lines of {@code /proc/PID/maps}, and two lists of them side by side. */
class MapsLineTest {
  private static final String LIBRARY =
      "7ffff7dcf000-7ffff7df5000 r-xp 00026000 fe:00 339380                     /usr/lib/a b.so";

  private static List<MapsLine> lines(String... text) throws BadInputException {
    return MapsLine.parseAll("x.maps", List.of(text));
  }

  @Test
  void library() throws BadInputException {
    assertEquals(
        List.of(new MapsLine(0x7ffff7dcf000L, 0x7ffff7df5000L, "r-xp", 0x26000, "/usr/lib/a b.so")),
        lines(LIBRARY));
  }

  @Test
  void anonymousAndGate() throws BadInputException {
    List<MapsLine> lines =
        lines(
            "00a85000-00aca000 rw-p 00000000 00:00 0 ",
            "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]");
    assertEquals("", lines.getFirst().name());
    assertTrue(lines.getLast().isGate());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          hello                                 | 1: not a line of /proc/PID/maps: 'hello'
          1000-0000 rw-p 00000000 00:00 0       | 1: not a line of /proc/PID/maps: '1000-0000 rw-p 00000000 00:00 0'
          1000-3000 rw-p 0 00:00 0;2000-4000 rw-p 0 00:00 0 | 2: below the end of the line before
          """)
  void bad(String text, String message) {
    BadInputException e = assertThrows(BadInputException.class, () -> lines(text.split(";", -1)));
    assertEquals("x.maps:" + message, e.getMessage());
  }

  @Test
  void empty() {
    assertEquals(
        "x.maps: empty, where /proc/PID/maps is expected",
        assertThrows(BadInputException.class, () -> lines()).getMessage());
  }

  @Test
  void deletedUnseen() {
    MapsLine here = new MapsLine(0x1000, 0x2000, "r--s", 0, "/a");
    MapsLine deleted = new MapsLine(0x1000, 0x2000, "r--s", 0, "/a (deleted)");
    assertTrue(deleted.matches(here));
    assertFalse(here.matches(deleted));
  }

  @Test
  void diff() throws BadInputException {
    List<MapsLine> linux =
        lines("1000-2000 rw-p 0 00:00 0", "2000-3000 r--p 0 00:00 0", "5000-6000 r--p 0 00:00 0");
    List<MapsLine> here = lines("1000-3000 rw-p 0 00:00 0", "5000-6000 r--p 0 00:00 0");
    MapsDiff diff = new MapsDiff(linux, here);
    assertEquals(1, diff.equal());
    assertEquals(3, diff.total());
    assertEquals(
        List.of(
            "-00001000-00002000 rw-p 00000000",
            "+00001000-00003000 rw-p 00000000",
            "-00002000-00003000 r--p 00000000"),
        diff.lines());
  }

  @Test
  void aLineTooManyIsNotEqual() throws BadInputException {
    List<MapsLine> linux = lines("1000-2000 rw-p 0 00:00 0");
    MapsDiff diff =
        new MapsDiff(linux, lines("1000-2000 rw-p 0 00:00 0", "3000-4000 rw-p 0 00:00 0"));
    assertEquals(1, diff.equal());
    assertEquals(2, diff.total());
  }
}
