package org.jmmu.hunt;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class HtmlReportTest {
  private final String page =
      HtmlReport.of(SampleRace.result(SampleRace.caughtBroken(), SampleRace.caughtFix()));

  @Test
  void standsAlone() {
    for (String reference : new String[] {"http:", "https:", "src=", "href=", "@import", "url("}) {
      assertFalse(page.contains(reference), reference);
    }
  }

  @Test
  void fitsPhonesAndDarkRooms() {
    assertTrue(page.contains("name=\"viewport\" content=\"width=device-width"));
    assertTrue(page.contains("prefers-color-scheme: dark"));
  }

  @Test
  void showsInterleavingCountsAndHost() {
    assertTrue(page.contains("store a\n            load a -&gt; b</pre>"));
    assertTrue(page.contains("1,234"));
    assertTrue(page.contains("2 CPUs, amd64; Linux 6.18; Some VM 25"));
    assertTrue(page.contains("Not as expected."));
  }

  @Test
  void textIsEscaped() {
    assertTrue(page.contains("a walk &amp; an adjustment"));
    assertTrue(page.contains("the walk &lt;missed&gt; it"));
  }
}
