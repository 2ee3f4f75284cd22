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
 * A PCID changes hands: one CPU switches in and out of an address space without flushing; the other
 * ends that address space, flushes its PCID, gives its frame to a new owner and the PCID to another
 * address space.
 *
 * <p>Outcome: what CPU 1 found last; whether it ever found what its address space did not map.
 */
public class TlbPcidReuseStress {
  private static final String RIGHT = "(old|fault|other), right";
  private static final String RIGHT_TEXT =
      "every load found what its address space maps, or maps no more";
  private static final String ELSE = ".*";
  private static final String ELSE_TEXT = "a load used an entry of the PCID's former address space";

  private TlbPcidReuseStress() {}

  /** What the nested tests share. */
  public abstract static class Sample {
    private static final int SWITCHES = 8;

    final TlbFixture.Page page = TlbFixture.take();
    private volatile boolean reused;
    private String found = "none";
    private String judged = "right";

    final void switchInAndOut() {
      page.forget();
      for (int i = 0; i < SWITCHES; i++) {
        boolean other = reused;
        page.enter(other);
        judge(other);
        page.idle();
      }
    }

    private void judge(boolean other) {
      try {
        long value = page.load();
        found = value == TlbFixture.OLD ? "old" : value == TlbFixture.NEW ? "new" : "other";
        if (value != (other ? TlbFixture.OTHER : TlbFixture.OLD)) {
          judged = "stale";
        }
      } catch (TlbFixture.Gone _) {
        found = "fault";
        if (other) {
          judged = "lost";
        }
      }
    }

    final void giveToOther() {
      page.setContent(TlbFixture.NEW);
      reused = true;
    }

    final void judgeInto(LL_Result result) {
      result.r1 = found;
      result.r2 = judged;
      page.release();
    }
  }

  @JCStressTest
  @State
  @Outcome(id = RIGHT, expect = ACCEPTABLE, desc = RIGHT_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class Flushed extends Sample {
    @Actor
    public void target() {
      switchInAndOut();
    }

    @Actor
    public void shooter() {
      page.unmap();
      page.flushPcid();
      giveToOther();
    }

    @Arbiter
    public void judge(LL_Result result) {
      judgeInto(result);
    }
  }

  @JCStressTest
  @State
  @Outcome(id = RIGHT, expect = ACCEPTABLE, desc = RIGHT_TEXT)
  @Outcome(id = ELSE, expect = ACCEPTABLE_INTERESTING, desc = ELSE_TEXT)
  public static class FlushLeftOut extends Sample {
    @Actor
    public void target() {
      switchInAndOut();
    }

    @Actor
    public void shooter() {
      page.unmap();
      giveToOther();
    }

    @Arbiter
    public void judge(LL_Result result) {
      judgeInto(result);
    }
  }
}
