package org.jmmu.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jmmu.race.vmaadjust.Interleaving;
import org.jmmu.race.vmaadjust.VmaAdjustFixture;
import org.jmmu.race.vmaadjust.VmaAdjustFixture.Content;
import org.jmmu.race.vmaadjust.VmaAdjustVariant;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/**
 * Race vma-adjust on real hardware concurrency: one thread migrates page X, another changes the VMA
 * that maps it. Each sample draws one of the layouts of {@link Interleaving}.
 *
 * <p>Outcome: the layout; what the oracles say; what a read of X finds; how often walks started
 * over.
 */
public class VmaAdjustStress {
  private static final String SOUND = "0-., sound, OK, 0";
  private static final String RESTARTED = "0-., sound, OK, .*";
  private static final String DANGLING = "0-., dangling, BUG, .*";
  private static final String ELSE = ".*";
  private static final String SOUND_TEXT = "both walks saw every entry";
  private static final String RESTARTED_TEXT = "the same, after a walk had started over";
  private static final String DANGLING_TEXT =
      "walk 2 missed an entry of walk 1: a migration entry for a page nobody migrates";
  private static final String ELSE_TEXT = "another invariant broke, or an actor failed";

  private VmaAdjustStress() {}

  /** What the nested tests share; they differ in the variant and in the verdict on one row. */
  public abstract static class Sample {
    private static final Interleaving[] LAYOUTS = Interleaving.values();
    private static final Measure RESTARTS = Measure.amount("restarts");

    /** Those whose walks start over instead of waiting. */
    private static final Set<VmaAdjustVariant> RESTARTING =
        EnumSet.of(VmaAdjustVariant.SEQ_WALK, VmaAdjustVariant.TRYLOCK_RESTART);

    private final Interleaving layout =
        LAYOUTS[ThreadLocalRandom.current().nextInt(LAYOUTS.length)];
    private final VmaAdjustFixture fixture;
    private final boolean startsOver;
    private volatile String failure = "";

    Sample(VmaAdjustVariant variant) {
      startsOver = RESTARTING.contains(variant);
      fixture = VmaAdjustFixture.of(variant.protocol(), layout);
    }

    final void migrateX() {
      try {
        fixture.migrate();
      } catch (RuntimeException e) {
        failure = e.toString();
      }
    }

    final void adjustVma() {
      try {
        fixture.adjust();
      } catch (RuntimeException e) {
        failure = e.toString();
      }
    }

    final void judgeInto(LLLL_Result result) {
      result.r1 = layout.id();
      result.r2 = failure.isEmpty() ? fixture.verdict() : failure;
      result.r3 = fixture.readX();
      result.r4 = magnitude(fixture.restarts());
      if (startsOver) {
        RESTARTS.add(fixture.restarts());
      }
      fixture.close();
      if (result.r2.equals("sound") && result.r3 == Content.OK) {
        Witness.good();
      } else {
        Witness.bad();
      }
    }

    /** Few rows: the tail is as long as a thread can be without a CPU. */
    private static String magnitude(long restarts) {
      if (restarts < 10) {
        return restarts == 0 ? "0" : "1-9";
      }
      return restarts < 100 ? "10-99" : "100+";
    }
  }

  @JCStressTest
  @State
  @Outcome(id = SOUND, expect = ACCEPTABLE, desc = SOUND_TEXT)
  @Outcome(id = RESTARTED, expect = ACCEPTABLE, desc = RESTARTED_TEXT)
  @Outcome(id = DANGLING, expect = ACCEPTABLE_INTERESTING, desc = DANGLING_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class None extends Sample {
    public None() {
      super(VmaAdjustVariant.NONE);
    }

    @Actor
    public void migrate() {
      migrateX();
    }

    @Actor
    public void adjust() {
      adjustVma();
    }

    @Arbiter
    public void judge(LLLL_Result result) {
      judgeInto(result);
    }
  }

  @JCStressTest
  @State
  @Outcome(id = SOUND, expect = ACCEPTABLE, desc = SOUND_TEXT)
  @Outcome(id = RESTARTED, expect = ACCEPTABLE, desc = RESTARTED_TEXT)
  @Outcome(id = DANGLING, expect = ACCEPTABLE_INTERESTING, desc = DANGLING_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class SeqAddr extends Sample {
    public SeqAddr() {
      super(VmaAdjustVariant.SEQ_ADDR);
    }

    @Actor
    public void migrate() {
      migrateX();
    }

    @Actor
    public void adjust() {
      adjustVma();
    }

    @Arbiter
    public void judge(LLLL_Result result) {
      judgeInto(result);
    }
  }

  @JCStressTest
  @State
  @Outcome(id = SOUND, expect = ACCEPTABLE, desc = SOUND_TEXT)
  @Outcome(id = RESTARTED, expect = ACCEPTABLE, desc = RESTARTED_TEXT)
  @Outcome(id = DANGLING, expect = ACCEPTABLE_INTERESTING, desc = DANGLING_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class SeqAddrRange extends Sample {
    public SeqAddrRange() {
      super(VmaAdjustVariant.SEQ_ADDR_RANGE);
    }

    @Actor
    public void migrate() {
      migrateX();
    }

    @Actor
    public void adjust() {
      adjustVma();
    }

    @Arbiter
    public void judge(LLLL_Result result) {
      judgeInto(result);
    }
  }

  @JCStressTest
  @State
  @Outcome(id = SOUND, expect = ACCEPTABLE, desc = SOUND_TEXT)
  @Outcome(id = RESTARTED, expect = ACCEPTABLE, desc = RESTARTED_TEXT)
  @Outcome(id = DANGLING, expect = FORBIDDEN, desc = DANGLING_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class SeqWalk extends Sample {
    public SeqWalk() {
      super(VmaAdjustVariant.SEQ_WALK);
    }

    @Actor
    public void migrate() {
      migrateX();
    }

    @Actor
    public void adjust() {
      adjustVma();
    }

    @Arbiter
    public void judge(LLLL_Result result) {
      judgeInto(result);
    }
  }

  @JCStressTest
  @State
  @Outcome(id = SOUND, expect = ACCEPTABLE, desc = SOUND_TEXT)
  @Outcome(id = RESTARTED, expect = ACCEPTABLE, desc = RESTARTED_TEXT)
  @Outcome(id = DANGLING, expect = ACCEPTABLE_INTERESTING, desc = DANGLING_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class TrylockRestart extends Sample {
    public TrylockRestart() {
      super(VmaAdjustVariant.TRYLOCK_RESTART);
    }

    @Actor
    public void migrate() {
      migrateX();
    }

    @Actor
    public void adjust() {
      adjustVma();
    }

    @Arbiter
    public void judge(LLLL_Result result) {
      judgeInto(result);
    }
  }

  @JCStressTest
  @State
  @Outcome(id = SOUND, expect = ACCEPTABLE, desc = SOUND_TEXT)
  @Outcome(id = RESTARTED, expect = ACCEPTABLE, desc = RESTARTED_TEXT)
  @Outcome(id = DANGLING, expect = ACCEPTABLE_INTERESTING, desc = DANGLING_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class RootOrdered extends Sample {
    public RootOrdered() {
      super(VmaAdjustVariant.ROOT_ORDERED);
    }

    @Actor
    public void migrate() {
      migrateX();
    }

    @Actor
    public void adjust() {
      adjustVma();
    }

    @Arbiter
    public void judge(LLLL_Result result) {
      judgeInto(result);
    }
  }

  @JCStressTest
  @State
  @Outcome(id = SOUND, expect = ACCEPTABLE, desc = SOUND_TEXT)
  @Outcome(id = RESTARTED, expect = ACCEPTABLE, desc = RESTARTED_TEXT)
  @Outcome(id = DANGLING, expect = ACCEPTABLE_INTERESTING, desc = DANGLING_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class RootOnlySkipNext extends Sample {
    public RootOnlySkipNext() {
      super(VmaAdjustVariant.ROOT_ONLY_SKIP_NEXT);
    }

    @Actor
    public void migrate() {
      migrateX();
    }

    @Actor
    public void adjust() {
      adjustVma();
    }

    @Arbiter
    public void judge(LLLL_Result result) {
      judgeInto(result);
    }
  }

  @JCStressTest
  @State
  @Outcome(id = SOUND, expect = ACCEPTABLE, desc = SOUND_TEXT)
  @Outcome(id = RESTARTED, expect = ACCEPTABLE, desc = RESTARTED_TEXT)
  @Outcome(id = DANGLING, expect = FORBIDDEN, desc = DANGLING_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class RootOnlySkipEnd extends Sample {
    public RootOnlySkipEnd() {
      super(VmaAdjustVariant.ROOT_ONLY_SKIP_END);
    }

    @Actor
    public void migrate() {
      migrateX();
    }

    @Actor
    public void adjust() {
      adjustVma();
    }

    @Arbiter
    public void judge(LLLL_Result result) {
      judgeInto(result);
    }
  }

  @JCStressTest
  @State
  @Outcome(id = SOUND, expect = ACCEPTABLE, desc = SOUND_TEXT)
  @Outcome(id = RESTARTED, expect = ACCEPTABLE, desc = RESTARTED_TEXT)
  @Outcome(id = DANGLING, expect = FORBIDDEN, desc = DANGLING_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class RootOnly extends Sample {
    public RootOnly() {
      super(VmaAdjustVariant.ROOT_ONLY);
    }

    @Actor
    public void migrate() {
      migrateX();
    }

    @Actor
    public void adjust() {
      adjustVma();
    }

    @Arbiter
    public void judge(LLLL_Result result) {
      judgeInto(result);
    }
  }

  @JCStressTest
  @State
  @Outcome(id = SOUND, expect = ACCEPTABLE, desc = SOUND_TEXT)
  @Outcome(id = RESTARTED, expect = ACCEPTABLE, desc = RESTARTED_TEXT)
  @Outcome(id = DANGLING, expect = FORBIDDEN, desc = DANGLING_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class RwsemInterval extends Sample {
    public RwsemInterval() {
      super(VmaAdjustVariant.RWSEM_INTERVAL);
    }

    @Actor
    public void migrate() {
      migrateX();
    }

    @Actor
    public void adjust() {
      adjustVma();
    }

    @Arbiter
    public void judge(LLLL_Result result) {
      judgeInto(result);
    }
  }
}
