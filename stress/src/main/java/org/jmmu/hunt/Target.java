package org.jmmu.hunt;

import java.util.Locale;
import org.jmmu.race.Race;
import org.jmmu.race.RaceVariant;

/** A variant of a race, as something to hunt. */
public record Target(Race race, RaceVariant variant) {
  /** As on the command line: {@code slug:VARIANT}. */
  public String name() {
    return race.slug() + ":" + variant.name();
  }

  /** The jcstress test that hunts it, as jcstress names it. */
  public String testName() {
    return "org.jmmu.stress."
        + camelCase(race.slug(), "-")
        + "Stress."
        + camelCase(variant.name(), "_");
  }

  private static String camelCase(String words, String separator) {
    StringBuilder camel = new StringBuilder();
    for (String word : words.split(separator, -1)) {
      camel.append(word.substring(0, 1).toUpperCase(Locale.ROOT));
      camel.append(word.substring(1).toLowerCase(Locale.ROOT));
    }
    return camel.toString();
  }
}
