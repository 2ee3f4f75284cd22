package org.jmmu.hunt;

import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.jmmu.hunt.TextTable.Side;
import org.jmmu.race.Race;

/** A hunt for the terminal. */
public final class TableReport {
  /** Whose outcomes are listed below the table. */
  public enum Outcomes {
    /** Those of the variants that were not as expected. */
    OF_SURPRISES,
    /** Those of all. */
    OF_ALL
  }

  private TableReport() {}

  /** The lines to print. */
  public static List<String> lines(HuntResult result, Outcomes whose) {
    List<String> lines = new ArrayList<>(table(result));
    for (Finding finding : result.findings()) {
      if (whose == Outcomes.OF_ALL || !finding.asExpected()) {
        lines.add("");
        lines.addAll(details(finding));
      }
    }
    lines.add("");
    lines.addAll(summary(result));
    return List.copyOf(lines);
  }

  private static List<String> table(HuntResult result) {
    boolean searched = result.findings().stream().anyMatch(each -> each.verification() != null);
    TextTable table =
        new TextTable()
            .column("RACE:VARIANT", Side.LEFT)
            .column("EXPECTED", Side.LEFT)
            .column("SEEN", Side.LEFT)
            .column("BAD", Side.RIGHT)
            .column("SAMPLES", Side.RIGHT)
            .column("SAMPLES/S", Side.RIGHT)
            .column("FIRST BAD", Side.RIGHT)
            .column("95% BOUND", Side.RIGHT);
    if (searched) {
      table.column("SCHEDULES", Side.RIGHT).column("PREEMPTIONS", Side.LEFT);
    }
    table.column("AS EXPECTED", Side.LEFT);
    boolean hasNotes =
        result.findings().stream().anyMatch(finding -> !finding.measures().isEmpty());
    if (hasNotes) {
      table.column("NOTES", Side.LEFT);
    }
    for (Finding finding : result.findings()) {
      List<String> cells = new ArrayList<>();
      Collections.addAll(
          cells,
          finding.target().name(),
          finding.target().variant().verdict().name().toLowerCase(Locale.ROOT),
          finding.seen(),
          Figures.count(finding.bad()),
          Figures.count(finding.samples()),
          Figures.rate(finding.samplesPerSecond()),
          Figures.first(finding.firstWitness()),
          Figures.bound(finding.upperBound95()));
      if (searched) {
        Collections.addAll(
            cells,
            Figures.schedules(finding.verification()),
            Figures.preemptions(finding.verification()));
      }
      cells.add(finding.asExpected() ? "yes" : "NO");
      if (hasNotes) {
        cells.add(finding.notes());
      }
      table.row(cells);
    }
    return table.lines();
  }

  private static List<String> details(Finding finding) {
    List<String> lines = new ArrayList<>();
    lines.add(finding.target().name() + ": " + finding.target().variant().summary());
    finding.troubles().forEach(trouble -> lines.add("  ! " + trouble));
    if (finding.isRefuted()) {
      lines.add("  ! there is a schedule that loses the race");
    }
    if (finding.outcomes().isEmpty()) {
      return lines;
    }
    TextTable table =
        new TextTable()
            .column("OUTCOME", Side.LEFT)
            .column("SAMPLES", Side.RIGHT)
            .column("GRADE", Side.LEFT)
            .column("", Side.LEFT);
    for (OutcomeRow row : finding.outcomes()) {
      table.row(row.id(), Figures.count(row.samples()), row.grade(), row.description());
    }
    table.lines().forEach(line -> lines.add("  " + line));
    return lines;
  }

  private static List<String> perturbed(HuntResult result) {
    String slugs =
        result.findings().stream()
            .map(finding -> finding.target().race())
            .filter(Race::hasNarrowWindows)
            .map(Race::slug)
            .distinct()
            .collect(joining(", "));
    return slugs.isEmpty()
        ? List.of()
        : List.of("With delays at pause points, as the windows are narrow: " + slugs);
  }

  /** A count convinces nobody. */
  private static List<String> explanations(HuntResult result) {
    return result.findings().stream()
        .filter(finding -> finding.caught() || finding.isRefuted())
        .filter(finding -> !finding.target().variant().scenarios().isEmpty())
        .map(finding -> "How it is lost: explain " + finding.target().name())
        .toList();
  }

  private static List<String> summary(HuntResult result) {
    List<String> lines = new ArrayList<>();
    if (result.findings().stream().anyMatch(finding -> finding.upperBound95() != null)) {
      lines.add("95% BOUND: with that confidence, a smaller share of all samples is bad (3/n).");
    }
    long surprises = result.findings().stream().filter(finding -> !finding.asExpected()).count();
    lines.addAll(perturbed(result));
    lines.addAll(explanations(result));
    lines.add(
        "%s after %s."
            .formatted(
                surprises == 0
                    ? "All as expected"
                    : "%d of %d NOT as expected".formatted(surprises, result.findings().size()),
                Figures.millis(result.took().toMillis())));
    if (surprises > 0 && result.host().busy()) {
      lines.add(
          "The machine was busy (load %s on %d CPUs), which hides races."
              .formatted(Figures.load(result.host().load()), result.host().cpus()));
    }
    return lines;
  }
}
