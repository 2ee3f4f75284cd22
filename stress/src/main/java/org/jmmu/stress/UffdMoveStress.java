package org.jmmu.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.ThreadLocalRandom;
import org.jmmu.race.uffdmove.Interleaving;
import org.jmmu.race.uffdmove.UffdMoveFixture;
import org.jmmu.race.uffdmove.UffdMoveFixture.Walk;
import org.jmmu.race.uffdmove.UffdMoveVariant;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/**
 * Race uffd-move on real hardware concurrency: one thread moves page X to another anon_vma, another
 * looks whether X was accessed. Each sample draws one of the walks of {@link Interleaving}: those
 * of 2-A and 2-B never wait for the anon_vma's lock, so what they lose, they lose by the try-lock.
 *
 * <p>Outcome: the walk; how it ended; what the oracles say.
 */
public class UffdMoveStress {
  private static final String FOUND = "2-., FOUND, sound";
  private static final String GAVE_UP = "2-., GAVE_UP, sound";
  private static final String STALE = "2-., STALE, sound";
  private static final String REUSED = "2-B, REUSED, sound";
  private static final String MISSED = "2-., MISSED, sound";
  private static final String ELSE = ".*";
  private static final String FOUND_TEXT = "the walk came by X's one entry, old or new";
  private static final String GAVE_UP_TEXT = "somebody had a lock that the walk does not wait for";
  private static final String STALE_TEXT = "the walk went through a tree that X had left";
  private static final String REUSED_TEXT = "the walk went through a tree of somebody else";
  private static final String MISSED_TEXT = "right tree, old index: X's entry was not found (2-D)";
  private static final String ELSE_TEXT = "another invariant broke, or an actor failed";

  private UffdMoveStress() {}

  /** What the nested tests share; they differ in the variant and in the verdict on three rows. */
  public abstract static class Sample {
    private static final Interleaving[] WALKS = Interleaving.values();

    private final Interleaving interleaving =
        WALKS[ThreadLocalRandom.current().nextInt(WALKS.length)];
    private final UffdMoveFixture fixture;
    private volatile String failure = "";

    Sample(UffdMoveVariant variant) {
      fixture = UffdMoveFixture.of(variant, interleaving);
    }

    final void walkX() {
      try {
        fixture.walk();
      } catch (RuntimeException e) {
        failure = e.toString();
      }
    }

    final void moveX() {
      try {
        fixture.move();
      } catch (RuntimeException e) {
        failure = e.toString();
      }
    }

    final void judgeInto(LLL_Result result) {
      Walk walk = fixture.result();
      result.r1 = interleaving.id();
      result.r2 = walk;
      result.r3 = failure.isEmpty() ? fixture.verdict() : failure;
      fixture.close();
      if (result.r3.equals("sound") && (walk == Walk.FOUND || walk == Walk.GAVE_UP)) {
        Witness.good();
      } else {
        Witness.bad();
      }
    }
  }

  @JCStressTest
  @State
  @Outcome(id = FOUND, expect = ACCEPTABLE, desc = FOUND_TEXT)
  @Outcome(id = GAVE_UP, expect = ACCEPTABLE, desc = GAVE_UP_TEXT)
  @Outcome(id = STALE, expect = ACCEPTABLE_INTERESTING, desc = STALE_TEXT)
  @Outcome(id = REUSED, expect = ACCEPTABLE_INTERESTING, desc = REUSED_TEXT)
  @Outcome(id = MISSED, expect = ACCEPTABLE_INTERESTING, desc = MISSED_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class NoRecheck extends Sample {
    public NoRecheck() {
      super(UffdMoveVariant.NO_RECHECK);
    }

    @Actor
    public void walk() {
      walkX();
    }

    @Actor
    public void move() {
      moveX();
    }

    @Arbiter
    public void judge(LLL_Result result) {
      judgeInto(result);
    }
  }

  @JCStressTest
  @State
  @Outcome(id = FOUND, expect = ACCEPTABLE, desc = FOUND_TEXT)
  @Outcome(id = GAVE_UP, expect = ACCEPTABLE, desc = GAVE_UP_TEXT)
  @Outcome(id = STALE, expect = ACCEPTABLE_INTERESTING, desc = STALE_TEXT)
  @Outcome(id = REUSED, expect = ACCEPTABLE_INTERESTING, desc = REUSED_TEXT)
  @Outcome(id = MISSED, expect = ACCEPTABLE_INTERESTING, desc = MISSED_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class SlowOnly extends Sample {
    public SlowOnly() {
      super(UffdMoveVariant.SLOW_ONLY);
    }

    @Actor
    public void walk() {
      walkX();
    }

    @Actor
    public void move() {
      moveX();
    }

    @Arbiter
    public void judge(LLL_Result result) {
      judgeInto(result);
    }
  }

  @JCStressTest
  @State
  @Outcome(id = FOUND, expect = ACCEPTABLE, desc = FOUND_TEXT)
  @Outcome(id = GAVE_UP, expect = ACCEPTABLE, desc = GAVE_UP_TEXT)
  @Outcome(id = STALE, expect = FORBIDDEN, desc = STALE_TEXT)
  @Outcome(id = REUSED, expect = FORBIDDEN, desc = REUSED_TEXT)
  @Outcome(id = MISSED, expect = ACCEPTABLE_INTERESTING, desc = MISSED_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class Both extends Sample {
    public Both() {
      super(UffdMoveVariant.BOTH);
    }

    @Actor
    public void walk() {
      walkX();
    }

    @Actor
    public void move() {
      moveX();
    }

    @Arbiter
    public void judge(LLL_Result result) {
      judgeInto(result);
    }
  }

  @JCStressTest
  @State
  @Outcome(id = FOUND, expect = ACCEPTABLE, desc = FOUND_TEXT)
  @Outcome(id = GAVE_UP, expect = ACCEPTABLE, desc = GAVE_UP_TEXT)
  @Outcome(id = STALE, expect = FORBIDDEN, desc = STALE_TEXT)
  @Outcome(id = REUSED, expect = FORBIDDEN, desc = REUSED_TEXT)
  @Outcome(id = MISSED, expect = FORBIDDEN, desc = MISSED_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class BothIndexFirst extends Sample {
    public BothIndexFirst() {
      super(UffdMoveVariant.BOTH_INDEX_FIRST);
    }

    @Actor
    public void walk() {
      walkX();
    }

    @Actor
    public void move() {
      moveX();
    }

    @Arbiter
    public void judge(LLL_Result result) {
      judgeInto(result);
    }
  }

  @JCStressTest
  @State
  @Outcome(id = FOUND, expect = ACCEPTABLE, desc = FOUND_TEXT)
  @Outcome(id = GAVE_UP, expect = ACCEPTABLE, desc = GAVE_UP_TEXT)
  @Outcome(id = STALE, expect = FORBIDDEN, desc = STALE_TEXT)
  @Outcome(id = REUSED, expect = FORBIDDEN, desc = REUSED_TEXT)
  @Outcome(id = MISSED, expect = FORBIDDEN, desc = MISSED_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class FolioLock extends Sample {
    public FolioLock() {
      super(UffdMoveVariant.FOLIO_LOCK);
    }

    @Actor
    public void walk() {
      walkX();
    }

    @Actor
    public void move() {
      moveX();
    }

    @Arbiter
    public void judge(LLL_Result result) {
      judgeInto(result);
    }
  }
}
