package org.jmmu.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jmmu.era.Era;
import org.jmmu.hunt.Budget;
import org.jmmu.hunt.Catalogue;
import org.jmmu.hunt.Explorer;
import org.jmmu.hunt.HtmlReport;
import org.jmmu.hunt.HuntListener;
import org.jmmu.hunt.HuntResult;
import org.jmmu.hunt.JsonReport;
import org.jmmu.hunt.TableReport;
import org.jmmu.hunt.TableReport.Outcomes;
import org.jmmu.hunt.Target;
import org.jmmu.hunt.Verification;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Runs the stress tests and says whether they showed what the variants' verdicts say. */
@Command(
    name = "hunt",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description = "Hunts races: fails unless every broken variant is caught and no correct one is.")
final class HuntCommand implements Callable<Integer> {
  /** Does what {@link org.jmmu.hunt.Hunt#run} does; tests have one that takes no time. */
  interface Hunter {
    HuntResult run(List<Target> targets, Duration perVariant, HuntListener listener)
        throws IOException;
  }

  @Parameters(
      paramLabel = "SLUG[:VARIANT]",
      description = "What to hunt; all races if none is named.")
  private List<String> names = List.of();

  @Option(
      names = "--time",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      description =
          "Testing time per variant, such as 500ms, 10s or 2m. By default at most 10s, and so"
              + " little that a hunt for all races takes under three minutes on two CPUs.")
  private @Nullable Duration time;

  @Option(
      names = "--era",
      paramLabel = "VERSION",
      description =
          "Hunts, of each race, the protocol that this kernel had: 2.6.34, 2.6.36, 3.7, 3.19, 5.2"
              + " or 6.18.")
  private @Nullable String era;

  @Option(
      names = "--exhaustive",
      paramLabel = "K",
      description =
          "Also runs, one thread at a time, every schedule with at most K preemptions; a schedule"
              + " that loses a correct variant's race is not as expected.")
  private @Nullable Integer exhaustive;

  @Mixin private JsonFile json = new JsonFile();

  @Option(
      names = "--html",
      paramLabel = "DIR",
      description = "Writes DIR/index.html, a page with the counts beside the interleavings.")
  private @Nullable Path html;

  @Option(
      names = {"-v", "--verbose"},
      description = "Lists the outcomes of all variants, not only of unexpected ones.")
  private boolean verbose;

  @Spec private CommandSpec spec;

  /** Time for the schedules of one variant. */
  private static final Duration SEARCH_LIMIT = Duration.ofMinutes(5);

  private final Catalogue catalogue;
  private final Hunter hunter;

  HuntCommand(Catalogue catalogue, Hunter hunter) {
    this.catalogue = catalogue;
    this.hunter = hunter;
  }

  @Override
  public Integer call() throws IOException {
    if (exhaustive != null && exhaustive < 0) {
      throw bad("--exhaustive " + exhaustive + " is less than 0");
    }
    List<Target> targets = targets();
    checkOutputs();
    HuntResult result = hunt(targets);
    if (exhaustive != null) {
      result = result.with(search(targets, exhaustive));
    }

    PrintWriter out = spec.commandLine().getOut();
    TableReport.lines(result, verbose ? Outcomes.OF_ALL : Outcomes.OF_SURPRISES)
        .forEach(out::println);
    out.flush();
    HuntResult whole = result;
    json.write(() -> JsonReport.of(whole));
    if (html != null) {
      write(html.resolve("index.html"), HtmlReport.of(whole));
    }
    return whole.asExpected() ? 0 : 1;
  }

  private List<Target> targets() {
    try {
      List<Target> targets =
          era == null ? catalogue.select(names) : catalogue.select(names, Era.ofVersion(era));
      if (targets.isEmpty()) {
        throw bad("there is no race to hunt");
      }
      return targets;
    } catch (Catalogue.UnknownNameException | IllegalArgumentException e) {
      throw bad(e.getMessage());
    }
  }

  private void checkOutputs() {
    json.check();
    if (html != null) {
      try {
        OutputPath.makeDirectory(html);
        OutputPath.checkFile(html.resolve("index.html"));
      } catch (IOException e) {
        throw bad("cannot write --html " + html + ": " + OutputPath.reason(e));
      }
    }
  }

  private HuntResult hunt(List<Target> targets) throws IOException {
    Duration perVariant = time != null ? time : Budget.defaultPerVariant(targets.size());
    if (!ProgressLine.hasTerminal()) {
      return hunter.run(targets, perVariant, HuntListener.DEAF);
    }
    PrintStream terminal = System.out;
    HuntProgress progress = new HuntProgress();
    try (ProgressLine _ = new ProgressLine(terminal, progress)) {
      return hunter.run(targets, perVariant, progress);
    }
  }

  private static Map<Target, Verification> search(List<Target> targets, int preemptions) {
    Explorer.prepare();
    if (!ProgressLine.hasTerminal()) {
      return Explorer.searchAll(targets, preemptions, SEARCH_LIMIT, _ -> {});
    }
    PrintStream terminal = System.out;
    SearchProgress progress = new SearchProgress(targets.size());
    try (ProgressLine _ = new ProgressLine(terminal, progress)) {
      return Explorer.searchAll(targets, preemptions, SEARCH_LIMIT, progress::starting);
    }
  }

  private void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw bad("cannot write " + file + ": " + OutputPath.reason(e));
    }
  }

  private ParameterException bad(@Nullable String message) {
    return new ParameterException(spec.commandLine(), String.valueOf(message));
  }
}
