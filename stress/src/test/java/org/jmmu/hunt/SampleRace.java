package org.jmmu.hunt;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jmmu.race.Race;
import org.jmmu.race.RaceVariant;
import org.jmmu.race.Verdict;
import org.jmmu.sys.MachineConfig;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Expect;

/** A race that exists only in these tests, and findings as a hunt could have made them. */
public final class SampleRace implements Race {
  /** Its variants. */
  public enum Variant implements RaceVariant {
    NONE(Verdict.BROKEN),
    SEQ_ADDR(Verdict.CORRECT);

    private final Verdict verdict;

    Variant(Verdict verdict) {
      this.verdict = verdict;
    }

    @Override
    public Verdict verdict() {
      return verdict;
    }

    @Override
    public String summary() {
      return "what " + name() + " does";
    }

    @Override
    public MachineConfig applyTo(MachineConfig config) {
      return config;
    }

    @Override
    public String kernel() {
      return "2.6.34";
    }
  }

  public static final Race RACE = new SampleRace();
  public static final Target NONE = new Target(RACE, Variant.NONE);
  public static final Target SEQ_ADDR = new Target(RACE, Variant.SEQ_ADDR);

  @Override
  public String slug() {
    return "sample-race";
  }

  @Override
  public String title() {
    return "a walk & an adjustment";
  }

  @Override
  public List<? extends RaceVariant> variants() {
    return List.of(Variant.values());
  }

  @Override
  public String interleaving() {
    return "CPU 0       CPU 1\nstore a\n            load a -> b\n";
  }

  /** 10 s of testing, {@code bad} bad samples of a million. */
  public static Finding finding(
      Target target, Expect ofBad, long bad, @Nullable FirstWitness witness, String... troubles) {
    return new Finding(
        target,
        List.of(
            new OutcomeRow("clean", Expect.ACCEPTABLE, 1_000_000 - bad, "both walks agree"),
            new OutcomeRow("lost", ofBad, bad, "the walk <missed> it")),
        Duration.ofSeconds(10),
        witness,
        List.of(),
        List.of(troubles),
        null);
  }

  public static Finding caughtBroken() {
    return finding(NONE, Expect.ACCEPTABLE_INTERESTING, 1_234, new FirstWitness(12, 3_456));
  }

  public static Finding survivedFix() {
    return finding(SEQ_ADDR, Expect.FORBIDDEN, 0, null);
  }

  public static Finding caughtFix() {
    return finding(SEQ_ADDR, Expect.FORBIDDEN, 1, new FirstWitness(2_500, 77));
  }

  public static HuntResult result(Finding... findings) {
    return new HuntResult(
        List.of(findings),
        Duration.ofSeconds(10),
        Instant.parse("2026-01-02T03:04:05Z"),
        Duration.ofMillis(25_250),
        new Host(2, "amd64", "Linux 6.18", "Some VM 25", 5));
  }
}
