package org.jmmu.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Recorded programs: every call ends as on Linux 6.18, and so do the maps. */
class TracesTest {
  @ParameterizedTest
  @CsvSource({"true, 28", "ls, 41", "pymm, 54", "cc, 30", "fuzz1, 82", "fuzz2, 68", "fuzz3, 86"})
  void addressesImposed(String name, int nrLines) throws Exception {
    assertEquals(List.of(nrLines + " of " + nrLines + " lines equal"), replay(name, false));
  }

  @ParameterizedTest
  @CsvSource({
    "true, 5, 28",
    "ls, 7, 41",
    "pymm, 121, 54",
    "cc, 5, 30",
    "fuzz1, 9, 82",
    "fuzz2, 19, 68",
    "fuzz3, 28, 86"
  })
  void addressesChosen(String name, int nrAddresses, int nrLines) throws Exception {
    assertEquals(
        List.of(
            nrAddresses + " of " + nrAddresses + " addresses equal",
            nrLines + " of " + nrLines + " lines equal"),
        replay(name, true));
  }

  private static List<String> replay(String name, boolean place)
      throws IOException, URISyntaxException {
    ReplayResult result =
        new Replay(file(name + ".strace"), file(name + ".start.maps"), file(name + ".end.maps"))
            .run(place);
    assertTrue(result.asExpected(), () -> String.join("\n", result.lines()));
    return result.lines();
  }

  private static Path file(String name) throws URISyntaxException {
    URL url = TracesTest.class.getResource(name);
    assertNotNull(url, name);
    return Path.of(url.toURI());
  }
}
