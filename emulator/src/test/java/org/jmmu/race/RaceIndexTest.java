package org.jmmu.race;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class RaceIndexTest {
  private static final Path SOURCE = Path.of("src/main/resources/org/jmmu/race/index.md");

  /** With {@code -Djmmu.index.write=true} the page is written anew instead. */
  @Test
  void thePageThatShipsIsUpToDate() throws IOException {
    String expected = RaceIndex.markdown(RaceIndex.races());
    if (Boolean.getBoolean("jmmu.index.write")) {
      Files.writeString(SOURCE, expected);
      return; // what was copied for this build is the old one
    }
    try (InputStream shipped = RaceIndex.class.getResourceAsStream(RaceIndex.RESOURCE)) {
      assertNotNull(shipped);
      assertEquals(
          expected,
          new String(shipped.readAllBytes(), StandardCharsets.UTF_8),
          "write it anew: mvn -pl emulator test -Dtest=RaceIndexTest -Djmmu.index.write=true");
    }
  }
}
