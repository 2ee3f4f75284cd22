package org.jmmu.cli;

import java.io.PrintWriter;
import java.util.Locale;
import org.jmmu.hunt.Catalogue;
import org.jmmu.hunt.TextTable;
import org.jmmu.hunt.TextTable.Side;
import org.jmmu.race.Race;
import org.jmmu.race.RaceVariant;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Lists what can be hunted. */
@Command(
    name = "races",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description = "Lists the races, their variants, and what a hunt must show of each.")
final class RacesCommand implements Runnable {
  private final Catalogue catalogue;
  @Spec private CommandSpec spec;

  RacesCommand(Catalogue catalogue) {
    this.catalogue = catalogue;
  }

  @Override
  public void run() {
    PrintWriter out = spec.commandLine().getOut();
    for (Race race : catalogue.races()) {
      out.println(race.slug() + ": " + race.title());
      TextTable table =
          new TextTable()
              .column("VARIANT", Side.LEFT)
              .column("EXPECTED", Side.LEFT)
              .column("KERNEL", Side.LEFT)
              .column("", Side.LEFT);
      for (RaceVariant variant : race.variants()) {
        table.row(
            variant.name(),
            variant.verdict().name().toLowerCase(Locale.ROOT),
            variant.kernel(),
            variant.summary());
      }
      table.lines().forEach(line -> out.println("  " + line));
      out.println();
    }
    out.flush();
  }
}
