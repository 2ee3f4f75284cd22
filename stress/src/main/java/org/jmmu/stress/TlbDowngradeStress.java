package org.jmmu.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LL_Result;

/**
 * One CPU stores to a page; the other makes it read-only, as mprotect does, shoots down the old
 * translation and then takes the content for settled.
 *
 * <p>Outcome: whether CPU 1 could store to the end; whether the content changed after the shootdown
 * had returned.
 */
public class TlbDowngradeStress {
  private static final String BEFORE = "stored, settled";
  private static final String AFTER = "fault, settled";
  private static final String BEFORE_TEXT = "all stores came before the shootdown returned";
  private static final String AFTER_TEXT = "a store found the page read-only";
  private static final String ELSE = ".*";
  private static final String ELSE_TEXT = "a store landed after the page had become read-only";

  private TlbDowngradeStress() {}

  /** What the nested tests share. */
  public abstract static class Sample {
    private static final int STORES = 32;

    final TlbFixture.Page page = TlbFixture.take();
    private String stored = "stored";
    private long settled;

    final void storeAgainAndAgain() {
      try {
        for (int i = 1; i <= STORES; i++) {
          page.store(i);
        }
      } catch (TlbFixture.Gone _) {
        stored = "fault";
      }
    }

    final void takeForSettled() {
      settled = page.content();
    }

    final void judgeInto(LL_Result result) {
      result.r1 = stored;
      result.r2 = page.content() == settled ? "settled" : "changed";
      page.release();
    }
  }

  @JCStressTest
  @State
  @Outcome(id = BEFORE, expect = ACCEPTABLE, desc = BEFORE_TEXT)
  @Outcome(id = AFTER, expect = ACCEPTABLE, desc = AFTER_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class Flushed extends Sample {
    @Actor
    public void target() {
      storeAgainAndAgain();
    }

    @Actor
    public void shooter() {
      page.map(0);
      page.flush();
      takeForSettled();
    }

    @Arbiter
    public void judge(LL_Result result) {
      judgeInto(result);
    }
  }

  @JCStressTest
  @State
  @Outcome(id = BEFORE, expect = ACCEPTABLE, desc = BEFORE_TEXT)
  @Outcome(id = AFTER, expect = ACCEPTABLE, desc = AFTER_TEXT)
  @Outcome(id = ELSE, expect = ACCEPTABLE_INTERESTING, desc = ELSE_TEXT)
  public static class FlushLeftOut extends Sample {
    @Actor
    public void target() {
      storeAgainAndAgain();
    }

    @Actor
    public void shooter() {
      page.map(0);
      takeForSettled();
    }

    @Arbiter
    public void judge(LL_Result result) {
      judgeInto(result);
    }
  }
}
