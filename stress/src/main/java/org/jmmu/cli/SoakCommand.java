package org.jmmu.cli;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jmmu.hunt.Catalogue;
import org.jmmu.lock.LockOrderChecker;
import org.jmmu.sched.PausePoint;
import org.jmmu.soak.Soak;
import org.jmmu.sys.MachineConfig;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.jr.ob.JSON;

/** Random system calls and accesses until the time is over or an oracle complains. */
@Command(
    name = "soak",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description =
        "Makes random system calls and accesses on several CPUs, with the lock-order checker on and"
            + " random delays where races are lost, and lets every oracle look at the machine in"
            + " between. Prints what was found.")
final class SoakCommand implements Callable<Integer> {
  private static final int MAX_THREADS = 64;
  private static final JSON JACKSON = JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT);

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "2",
      description = "Threads, each with a CPU of its own (default: ${DEFAULT-VALUE}).")
  private int threads = 2;

  @Option(
      names = "--time",
      paramLabel = "T",
      defaultValue = "30s",
      converter = DurationConverter.class,
      description = "How long, as 90s or 5m (default: ${DEFAULT-VALUE}).")
  private Duration time = Duration.ofSeconds(30);

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "1",
      description = "Decides what each thread asks for (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  @Option(
      names = "--variant",
      paramLabel = "RACE:VARIANT",
      description = "Gives the kernel this protocol of a race instead of the mainline one.")
  private @Nullable String variant;

  @Mixin private JsonFile json = new JsonFile();

  @Spec private CommandSpec spec;

  private final Catalogue catalogue;

  SoakCommand(Catalogue catalogue) {
    this.catalogue = catalogue;
  }

  @Override
  public Integer call() throws InterruptedException {
    if (threads < 1 || threads > MAX_THREADS) {
      throw new ParameterException(
          spec.commandLine(), "--threads must be 1 to " + MAX_THREADS + ", not " + threads);
    }
    json.check();
    // Read when the first lock is taken and the first pause point is reached.
    System.setProperty(LockOrderChecker.PROPERTY, "true");
    if (System.getProperty(PausePoint.PROPERTY) == null) {
      System.setProperty(PausePoint.PROPERTY, "yield");
    }
    Soak soak = new Soak(config(), threads, seed);
    Throwable found = run(soak);
    json.write(() -> json(soak, found));
    PrintWriter out = spec.commandLine().getOut();
    String done =
        "%,d calls, %,d of them successful; the oracles looked %,d times"
            .formatted(soak.calls(), soak.successes(), soak.rounds());
    if (found == null) {
      out.println(done + ", nothing found with seed " + seed);
    } else {
      found.printStackTrace(out);
      out.println(done + " before this; once more: " + again());
    }
    out.flush();
    return found == null ? 0 : 1;
  }

  private MachineConfig config() {
    MachineConfig mainline = MachineConfig.small();
    if (variant == null) {
      return mainline;
    }
    if (variant.indexOf(':') < 0) {
      throw new ParameterException(spec.commandLine(), "--variant is RACE:VARIANT");
    }
    try {
      return catalogue.select(List.of(variant)).getFirst().variant().applyTo(mainline);
    } catch (Catalogue.UnknownNameException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage());
    }
  }

  private @Nullable Throwable run(Soak soak) throws InterruptedException {
    if (!ProgressLine.hasTerminal()) {
      return soak.run(time);
    }
    ProgressLine.Source source = () -> "%,d calls".formatted(soak.calls());
    PrintStream terminal = System.out;
    try (ProgressLine _ = new ProgressLine(terminal, source)) {
      return soak.run(time);
    }
  }

  private String again() {
    return "jmmu soak --threads %d --time %ds --seed %d".formatted(threads, time.toSeconds(), seed)
        + (variant == null ? "" : " --variant " + variant);
  }

  private String json(Soak soak, @Nullable Throwable found) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("asExpected", found == null);
    result.put("threads", threads);
    result.put("seed", seed);
    result.put("calls", soak.calls());
    result.put("successes", soak.successes());
    result.put("checks", soak.rounds());
    result.put("found", found == null ? "" : found.toString());
    return JACKSON.asString(result) + "\n";
  }
}
