package org.jmmu.hunt;

import static java.util.stream.Collectors.joining;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jmmu.era.Era;
import org.jmmu.race.Race;
import org.jmmu.race.RaceIndex;
import org.jmmu.race.RaceVariant;

/** The races that can be hunted. */
public record Catalogue(List<Race> races) {
  /** A name that no race or variant has; the message lists those that there are. */
  public static final class UnknownNameException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnknownNameException(String message) {
      super(message);
    }
  }

  /** All races on the class path, by slug. */
  public static Catalogue load() {
    return new Catalogue(RaceIndex.races());
  }

  /**
   * The targets that {@code names} select, each once, in the order of the names.
   *
   * @param names {@code SLUG} or {@code SLUG:VARIANT}; none means all
   */
  public List<Target> select(List<String> names) {
    Set<Target> targets = new LinkedHashSet<>();
    if (names.isEmpty()) {
      races.forEach(race -> targets.addAll(targetsOf(race)));
    }
    for (String name : names) {
      int colon = name.indexOf(':');
      if (colon < 0) {
        targets.addAll(targetsOf(race(name)));
      } else {
        Race race = race(name.substring(0, colon));
        targets.add(new Target(race, variant(race, name.substring(colon + 1))));
      }
    }
    return List.copyOf(targets);
  }

  /**
   * As {@link #select(List)}, but of each race the protocol that a kernel had.
   *
   * @param slugs of races; none means all
   */
  public List<Target> select(List<String> slugs, Era era) {
    Stream<Race> selected = slugs.isEmpty() ? races.stream() : slugs.stream().map(this::race);
    return selected.map(race -> new Target(race, era.variantOf(race))).distinct().toList();
  }

  private static List<Target> targetsOf(Race race) {
    return race.variants().stream().map(variant -> new Target(race, variant)).toList();
  }

  private Race race(String slug) {
    for (Race race : races) {
      if (race.slug().equalsIgnoreCase(slug)) {
        return race;
      }
    }
    throw new UnknownNameException(
        "unknown race '%s'; there are: %s"
            .formatted(slug, races.stream().map(Race::slug).collect(joining(", "))));
  }

  private static RaceVariant variant(Race race, String name) {
    for (RaceVariant variant : race.variants()) {
      if (variant.name().equalsIgnoreCase(name)) {
        return variant;
      }
    }
    throw new UnknownNameException(
        "race %s has no variant '%s'; it has: %s"
            .formatted(
                race.slug(),
                name,
                race.variants().stream().map(RaceVariant::name).collect(joining(", "))));
  }
}
