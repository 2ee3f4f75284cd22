package org.jmmu.race;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.ServiceLoader;
import java.util.stream.Stream;

/**
 * The races that are on the class path, as a page of Markdown: how each is lost, its variants, and
 * what each of them must show. The module ships that page as {@value #RESOURCE}, and a test keeps
 * it up to date.
 */
public final class RaceIndex {
  /** Beside this class. */
  public static final String RESOURCE = "index.md";

  private RaceIndex() {}

  /** All races, by slug. */
  public static List<Race> races() {
    return ServiceLoader.load(Race.class).stream()
        .map(ServiceLoader.Provider::get)
        .sorted(Comparator.comparing(Race::slug))
        .toList();
  }

  public static String markdown(List<Race> races) {
    Stream<String> list = races.stream().map(RaceIndex::item);
    Stream<String> sections = races.stream().map(RaceIndex::section);
    return "# Races\n\n" + String.join("", list.toList()) + String.join("", sections.toList());
  }

  private static String item(Race race) {
    return "* [%s](#%s): %s\n".formatted(race.slug(), race.slug(), race.title());
  }

  private static String section(Race race) {
    StringBuilder text = new StringBuilder();
    text.append("\n## ").append(race.slug()).append("\n\n");
    text.append("The story is in the documentation of package `")
        .append(race.getClass().getPackageName())
        .append("`.\n\n```\n")
        .append(race.interleaving().stripTrailing())
        .append("\n```\n\n| variant | expected | kernel | |\n|---|---|---|---|\n");
    for (RaceVariant variant : race.variants()) {
      text.append(
          "| `%s` | %s | %s | %s |\n"
              .formatted(
                  variant.name(),
                  variant.verdict().name().toLowerCase(Locale.ROOT),
                  variant.kernel(),
                  variant.summary()));
    }
    return text.toString();
  }
}
