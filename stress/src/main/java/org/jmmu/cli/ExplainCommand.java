package org.jmmu.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jmmu.explain.Explanation;
import org.jmmu.explain.HtmlExplanation;
import org.jmmu.explain.ScheduleFile;
import org.jmmu.explain.TextExplanation;
import org.jmmu.hunt.Catalogue;
import org.jmmu.hunt.Explorer;
import org.jmmu.hunt.FoundSchedule;
import org.jmmu.hunt.Target;
import org.jmmu.hunt.Verification;
import org.jmmu.sched.Scenario;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Finds a schedule under which a race is lost, and shows what happens. */
@Command(
    name = "explain",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description =
        "Searches for a schedule under which a race is lost, with as few preemptions as possible,"
            + " and prints it with what each step changes.",
    footer = {"", "Exit codes: 0 lost (with --replay: in the same way again), 1 not, 2 bad input."})
final class ExplainCommand implements Callable<Integer> {
  @Parameters(paramLabel = "SLUG:VARIANT", description = "What to explain.")
  private String name = "";

  @Option(
      names = "--preemptions",
      paramLabel = "N",
      defaultValue = "3",
      description = "Searches schedules with at most so many preemptions; ${DEFAULT-VALUE}.")
  private int preemptions;

  @Option(
      names = "--time",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      defaultValue = "60s",
      description = "When to give the search up; ${DEFAULT-VALUE}.")
  private Duration time = Duration.ZERO;

  @Option(names = "--html", paramLabel = "FILE", description = "Writes the explanation as a page.")
  private @Nullable Path html;

  @Option(
      names = "--schedule",
      paramLabel = "FILE",
      description = "Keeps the schedule that was found, for --replay.")
  private @Nullable Path schedule;

  @Option(
      names = "--replay",
      paramLabel = "FILE",
      description = "Runs a schedule that was kept instead of searching for one.")
  private @Nullable Path replay;

  @Spec private CommandSpec spec;

  private final Catalogue catalogue;

  ExplainCommand(Catalogue catalogue) {
    this.catalogue = catalogue;
  }

  @Override
  public Integer call() {
    if (preemptions < 0) {
      throw bad("--preemptions " + preemptions + " is less than 0");
    }
    if (schedule != null && replay != null) {
      throw bad("--schedule and --replay exclude each other");
    }
    Target target = target();
    if (target.variant().scenarios().isEmpty()) {
      throw bad("race " + target.race().slug() + " has no scenarios to search");
    }
    check("--html", html);
    check("--schedule", schedule);
    ScheduleFile kept = replay == null ? null : read(replay, target);
    Explorer.prepare();
    return kept == null ? search(target) : replay(target, kept);
  }

  private int search(Target target) {
    long start = System.nanoTime();
    Verification result = Explorer.search(target.variant(), preemptions, time);
    double seconds = (System.nanoTime() - start) / 1e9;
    FoundSchedule found = result.found();
    PrintWriter out = spec.commandLine().getOut();
    if (found == null) {
      String all =
          result.preemptions() < 0
              ? "none of them completely"
              : "all with at most " + result.preemptions() + " preemptions";
      out.printf(
          Locale.ROOT,
          "%s: not lost in %,d schedules of %d scenarios, %s; %.1f s%n",
          target.name(),
          result.schedules(),
          result.scenarios(),
          all,
          seconds);
      out.flush();
      return 1;
    }
    out.printf(
        Locale.ROOT,
        "%s, %s: lost with %d preemption%s; %,d schedules, %.1f s%n",
        target.name(),
        found.scenario().id(),
        found.preemptions(),
        found.preemptions() == 1 ? "" : "s",
        result.schedules(),
        seconds);
    Explanation explanation = Explanation.of(found.scenario(), found.schedule());
    show(target, found.scenario(), explanation, found.schedule().toString());
    if (schedule != null) {
      ScheduleFile file =
          new ScheduleFile(
              target.name(), found.scenario().id(), found.schedule(), explanation.what());
      write(schedule, file.text());
    }
    return explanation.what().isEmpty() ? 1 : 0;
  }

  private int replay(Target target, ScheduleFile kept) {
    Scenario scenario =
        target.variant().scenarios().stream()
            .filter(each -> each.id().equals(kept.scenario()))
            .findFirst()
            .orElseThrow(() -> bad(target.name() + " has no scenario '" + kept.scenario() + "'"));
    Explanation explanation = Explanation.of(scenario, kept.schedule());
    boolean same = explanation.what().equals(kept.what());
    PrintWriter out = spec.commandLine().getOut();
    out.printf("%s, %s: %s%n", target.name(), scenario.id(), same ? "lost again" : "NOT the same");
    show(target, scenario, explanation, kept.schedule().toString());
    return same ? 0 : 1;
  }

  private void show(Target target, Scenario scenario, Explanation explanation, String steps) {
    PrintWriter out = spec.commandLine().getOut();
    out.println("schedule: " + steps);
    out.println();
    TextExplanation.lines(explanation).forEach(out::println);
    out.flush();
    if (html != null) {
      write(html, HtmlExplanation.of(target, scenario.id(), steps, explanation));
    }
  }

  private Target target() {
    try {
      List<Target> targets = catalogue.select(List.of(name));
      if (name.indexOf(':') < 0) {
        throw bad("name one variant, as in " + targets.getFirst().name());
      }
      return targets.getFirst();
    } catch (Catalogue.UnknownNameException e) {
      throw bad(String.valueOf(e.getMessage()));
    }
  }

  private ScheduleFile read(Path file, Target target) {
    try {
      ScheduleFile kept = ScheduleFile.parse(Files.readString(file));
      if (!kept.target().equalsIgnoreCase(target.name())) {
        throw bad(file + " is a schedule of " + kept.target() + ", not of " + target.name());
      }
      return kept;
    } catch (IllegalArgumentException e) {
      throw bad(file + " is not a schedule: " + e.getMessage());
    } catch (NoSuchFileException e) {
      throw bad("cannot read " + file + ": no such file");
    } catch (IOException e) {
      throw bad("cannot read " + file + ": " + OutputPath.reason(e));
    }
  }

  private void check(String option, @Nullable Path file) {
    if (file != null) {
      try {
        OutputPath.checkFile(file);
      } catch (IOException e) {
        throw bad("cannot write " + option + " " + file + ": " + OutputPath.reason(e));
      }
    }
  }

  private void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw bad("cannot write " + file + ": " + OutputPath.reason(e));
    }
  }

  private ParameterException bad(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
