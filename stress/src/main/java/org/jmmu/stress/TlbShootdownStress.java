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
 * One CPU loads from a page and stores to it; the other unmaps it, shoots it down and gives the
 * frame to a new owner, who writes.
 *
 * <pre>
 *   CPU 1                      CPU 0
 *   load, filling the TLB
 *                              clear the entry
 *                              shoot down: CPU 1 is outside an access, or will flush first
 *                              the new owner writes NEW
 *   load through the TLB:      must not find NEW
 *   store through the TLB:     must not overwrite NEW
 * </pre>
 *
 * Outcome: the last thing that CPU 1's loads found; what the frame holds at the end.
 */
public class TlbShootdownStress {
  private static final String BEFORE = "old, new";
  private static final String AFTER = "fault, new";
  private static final String BEFORE_TEXT = "all loads came before the shootdown returned";
  private static final String AFTER_TEXT = "a load found the page gone";
  private static final String ELSE = ".*";
  private static final String ELSE_TEXT =
      "a load returned the new owner's data, or a store reached the new owner's frame";

  private TlbShootdownStress() {}

  /** What the nested tests share. */
  public abstract static class Sample {
    private static final int ACCESSES = 16;

    final TlbFixture.Page page = TlbFixture.take();
    private String found = "none";

    final void loadAgainAndAgain() {
      try {
        for (int i = 0; i < ACCESSES; i++) {
          long value = page.load();
          found = value == TlbFixture.OLD ? "old" : value == TlbFixture.NEW ? "new" : "garbage";
          if (value != TlbFixture.OLD) {
            return;
          }
          page.store(TlbFixture.OLD);
        }
      } catch (TlbFixture.Gone _) {
        found = "fault";
      }
    }

    final void judgeInto(LL_Result result) {
      result.r1 = found;
      result.r2 = page.content() == TlbFixture.NEW ? "new" : "overwritten";
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
      loadAgainAndAgain();
    }

    @Actor
    public void shooter() {
      page.unmap();
      page.flush();
      page.setContent(TlbFixture.NEW);
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
      loadAgainAndAgain();
    }

    @Actor
    public void shooter() {
      page.unmap();
      page.setContent(TlbFixture.NEW);
    }

    @Arbiter
    public void judge(LL_Result result) {
      judgeInto(result);
    }
  }
}
