package org.jmmu.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.ThreadLocalRandom;
import org.jmmu.race.mpxunmap.Interleaving;
import org.jmmu.race.mpxunmap.MpxUnmapFixture;
import org.jmmu.race.mpxunmap.MpxUnmapVariant;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LL_Result;

/**
 * Race mpx-unmap on real hardware concurrency: one thread unmaps data that has bounds, another
 * works beside it. Each sample draws one of the layouts of {@link Interleaving}.
 *
 * <p>Outcome: the layout; how it ended, see {@link MpxUnmapFixture#verdict}.
 */
public class MpxUnmapStress {
  private static final String SOUND = "4-. .*, sound";
  private static final String NO_MPX = "4-. .*, absent";
  private static final String DEADLOCK = "4-A .*, deadlock";
  private static final String LEAK = "4-[ABF] .*, leak";
  private static final String LOST = "4-E .*, lost";
  private static final String TORN = "4-[ABDF] .*, torn";
  private static final String ELSE = ".*";
  private static final String SOUND_TEXT =
      "live pointers have their bounds, and there is no table that is for nothing";
  private static final String NO_MPX_TEXT = "there are no bounds tables";
  private static final String DEADLOCK_TEXT =
      "the directory's page was out: its fault waits for the lock that its thread holds";
  private static final String LEAK_TEXT = "the table stayed, and is for nothing";
  private static final String LOST_TEXT =
      "the bounds of a mapping that came after were zapped with those of the one before";
  private static final String TORN_TEXT =
      "page tables of the data went with those of the table: its pages hang on nothing";
  private static final String ELSE_TEXT = "another invariant broke, or an actor failed";

  private MpxUnmapStress() {}

  /** What the nested tests share; they differ in the variant and in what may go wrong. */
  public abstract static class Sample {
    private static final Interleaving[] LAYOUTS = Interleaving.values();

    private final Interleaving layout =
        LAYOUTS[ThreadLocalRandom.current().nextInt(LAYOUTS.length)];
    private final MpxUnmapVariant variant;
    private final MpxUnmapFixture fixture;
    private volatile String failure = "";

    Sample(MpxUnmapVariant variant) {
      this.variant = variant;
      fixture = MpxUnmapFixture.of(variant, layout);
    }

    final void actM() {
      try {
        fixture.actM();
      } catch (RuntimeException e) {
        failure = e.toString();
      }
    }

    final void actU() {
      try {
        fixture.actU();
      } catch (RuntimeException e) {
        failure = e.toString();
      }
    }

    final void judgeInto(LL_Result result) {
      result.r1 = layout.id();
      String verdict = failure.isEmpty() ? fixture.verdict() : failure;
      result.r2 = verdict;
      fixture.close();
      if (verdict.equals("sound")
          || verdict.equals("absent")
          || (verdict.equals("leak") && variant == MpxUnmapVariant.GUP_EARLY)) {
        Witness.good();
      } else {
        Witness.bad();
      }
    }
  }

  @JCStressTest
  @State
  @Outcome(id = SOUND, expect = ACCEPTABLE, desc = SOUND_TEXT)
  @Outcome(id = NO_MPX, expect = FORBIDDEN, desc = NO_MPX_TEXT)
  @Outcome(id = DEADLOCK, expect = ACCEPTABLE_INTERESTING, desc = DEADLOCK_TEXT)
  @Outcome(id = LEAK, expect = FORBIDDEN, desc = LEAK_TEXT)
  @Outcome(id = LOST, expect = FORBIDDEN, desc = LOST_TEXT)
  @Outcome(id = TORN, expect = FORBIDDEN, desc = TORN_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class FaultUnderW extends Sample {
    public FaultUnderW() {
      super(MpxUnmapVariant.FAULT_UNDER_W);
    }

    @Actor
    public void unmap() {
      actM();
    }

    @Actor
    public void work() {
      actU();
    }

    @Arbiter
    public void judge(LL_Result result) {
      judgeInto(result);
    }
  }

  @JCStressTest
  @State
  @Outcome(id = SOUND, expect = ACCEPTABLE, desc = SOUND_TEXT)
  @Outcome(id = NO_MPX, expect = FORBIDDEN, desc = NO_MPX_TEXT)
  @Outcome(id = DEADLOCK, expect = FORBIDDEN, desc = DEADLOCK_TEXT)
  @Outcome(id = LEAK, expect = ACCEPTABLE_INTERESTING, desc = LEAK_TEXT)
  @Outcome(id = LOST, expect = FORBIDDEN, desc = LOST_TEXT)
  @Outcome(id = TORN, expect = FORBIDDEN, desc = TORN_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class NofaultSkip extends Sample {
    public NofaultSkip() {
      super(MpxUnmapVariant.NOFAULT_SKIP);
    }

    @Actor
    public void unmap() {
      actM();
    }

    @Actor
    public void work() {
      actU();
    }

    @Arbiter
    public void judge(LL_Result result) {
      judgeInto(result);
    }
  }

  @JCStressTest
  @State
  @Outcome(id = SOUND, expect = ACCEPTABLE, desc = SOUND_TEXT)
  @Outcome(id = NO_MPX, expect = FORBIDDEN, desc = NO_MPX_TEXT)
  @Outcome(id = DEADLOCK, expect = FORBIDDEN, desc = DEADLOCK_TEXT)
  @Outcome(id = LEAK, expect = FORBIDDEN, desc = LEAK_TEXT)
  @Outcome(id = LOST, expect = FORBIDDEN, desc = LOST_TEXT)
  @Outcome(id = TORN, expect = FORBIDDEN, desc = TORN_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class Bdsem extends Sample {
    public Bdsem() {
      super(MpxUnmapVariant.BDSEM);
    }

    @Actor
    public void unmap() {
      actM();
    }

    @Actor
    public void work() {
      actU();
    }

    @Arbiter
    public void judge(LL_Result result) {
      judgeInto(result);
    }
  }

  @JCStressTest
  @State
  @Outcome(id = SOUND, expect = ACCEPTABLE, desc = SOUND_TEXT)
  @Outcome(id = NO_MPX, expect = FORBIDDEN, desc = NO_MPX_TEXT)
  @Outcome(id = DEADLOCK, expect = FORBIDDEN, desc = DEADLOCK_TEXT)
  @Outcome(id = LEAK, expect = FORBIDDEN, desc = LEAK_TEXT)
  @Outcome(id = LOST, expect = ACCEPTABLE_INTERESTING, desc = LOST_TEXT)
  @Outcome(id = TORN, expect = FORBIDDEN, desc = TORN_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class BdsemZapPost extends Sample {
    public BdsemZapPost() {
      super(MpxUnmapVariant.BDSEM_ZAP_POST);
    }

    @Actor
    public void unmap() {
      actM();
    }

    @Actor
    public void work() {
      actU();
    }

    @Arbiter
    public void judge(LL_Result result) {
      judgeInto(result);
    }
  }

  @JCStressTest
  @State
  @Outcome(id = SOUND, expect = ACCEPTABLE, desc = SOUND_TEXT)
  @Outcome(id = NO_MPX, expect = FORBIDDEN, desc = NO_MPX_TEXT)
  @Outcome(id = DEADLOCK, expect = FORBIDDEN, desc = DEADLOCK_TEXT)
  @Outcome(id = LEAK, expect = FORBIDDEN, desc = LEAK_TEXT)
  @Outcome(id = LOST, expect = FORBIDDEN, desc = LOST_TEXT)
  @Outcome(id = TORN, expect = FORBIDDEN, desc = TORN_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class GupRetry extends Sample {
    public GupRetry() {
      super(MpxUnmapVariant.GUP_RETRY);
    }

    @Actor
    public void unmap() {
      actM();
    }

    @Actor
    public void work() {
      actU();
    }

    @Arbiter
    public void judge(LL_Result result) {
      judgeInto(result);
    }
  }

  @JCStressTest
  @State
  @Outcome(id = SOUND, expect = ACCEPTABLE, desc = SOUND_TEXT)
  @Outcome(id = NO_MPX, expect = FORBIDDEN, desc = NO_MPX_TEXT)
  @Outcome(id = DEADLOCK, expect = FORBIDDEN, desc = DEADLOCK_TEXT)
  @Outcome(id = LEAK, expect = FORBIDDEN, desc = LEAK_TEXT)
  @Outcome(id = LOST, expect = FORBIDDEN, desc = LOST_TEXT)
  @Outcome(id = TORN, expect = ACCEPTABLE_INTERESTING, desc = TORN_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class GupRecursiveLate extends Sample {
    public GupRecursiveLate() {
      super(MpxUnmapVariant.GUP_RECURSIVE_LATE);
    }

    @Actor
    public void unmap() {
      actM();
    }

    @Actor
    public void work() {
      actU();
    }

    @Arbiter
    public void judge(LL_Result result) {
      judgeInto(result);
    }
  }

  @JCStressTest
  @State
  @Outcome(id = SOUND, expect = ACCEPTABLE, desc = SOUND_TEXT)
  @Outcome(id = NO_MPX, expect = FORBIDDEN, desc = NO_MPX_TEXT)
  @Outcome(id = DEADLOCK, expect = FORBIDDEN, desc = DEADLOCK_TEXT)
  @Outcome(id = LEAK, expect = ACCEPTABLE, desc = LEAK_TEXT)
  @Outcome(id = LOST, expect = FORBIDDEN, desc = LOST_TEXT)
  @Outcome(id = TORN, expect = FORBIDDEN, desc = TORN_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class GupEarly extends Sample {
    public GupEarly() {
      super(MpxUnmapVariant.GUP_EARLY);
    }

    @Actor
    public void unmap() {
      actM();
    }

    @Actor
    public void work() {
      actU();
    }

    @Arbiter
    public void judge(LL_Result result) {
      judgeInto(result);
    }
  }

  @JCStressTest
  @State
  @Outcome(id = SOUND, expect = FORBIDDEN, desc = SOUND_TEXT)
  @Outcome(id = NO_MPX, expect = ACCEPTABLE, desc = NO_MPX_TEXT)
  @Outcome(id = DEADLOCK, expect = FORBIDDEN, desc = DEADLOCK_TEXT)
  @Outcome(id = LEAK, expect = FORBIDDEN, desc = LEAK_TEXT)
  @Outcome(id = LOST, expect = FORBIDDEN, desc = LOST_TEXT)
  @Outcome(id = TORN, expect = FORBIDDEN, desc = TORN_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class Absent extends Sample {
    public Absent() {
      super(MpxUnmapVariant.ABSENT);
    }

    @Actor
    public void unmap() {
      actM();
    }

    @Actor
    public void work() {
      actU();
    }

    @Arbiter
    public void judge(LL_Result result) {
      judgeInto(result);
    }
  }
}
