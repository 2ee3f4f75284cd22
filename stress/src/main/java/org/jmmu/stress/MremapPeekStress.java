package org.jmmu.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import org.jmmu.race.mremappeek.Interleaving;
import org.jmmu.race.mremappeek.MremapPeekFixture;
import org.jmmu.race.mremappeek.MremapPeekFixture.Content;
import org.jmmu.race.mremappeek.MremapPeekVariant;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/**
 * Race mremap-peek on real hardware concurrency: one thread migrates page X, another moves it to
 * another address. Each sample draws one of the layouts of {@link Interleaving}.
 *
 * <p>Outcome: the layout; how the migration ended; what the oracles say; what a read of X finds.
 */
public class MremapPeekStress {
  private static final String MOVED = "0-F .*, migrated, sound, OK";
  private static final String FAILED = "0-F .*, eagain, sound, OK";
  private static final String DANGLING = "0-F .*, migrated, dangling, BUG";
  private static final String ELSE = ".*";
  private static final String MOVED_TEXT = "X was migrated, and is at its new address";
  private static final String FAILED_TEXT = "walk 1 missed X, which moved on unharmed";
  private static final String DANGLING_TEXT =
      "walk 2 missed an entry of walk 1: a migration entry for a page nobody migrates";
  private static final String ELSE_TEXT = "another invariant broke, or an actor failed";

  private MremapPeekStress() {}

  /** What the nested tests share; they differ in the variant and in the verdict on two rows. */
  public abstract static class Sample {
    private static final Interleaving[] LAYOUTS = Interleaving.values();

    private final Interleaving layout =
        LAYOUTS[ThreadLocalRandom.current().nextInt(LAYOUTS.length)];
    private final MremapPeekFixture fixture;
    private volatile String migration = "";
    private volatile String failure = "";

    Sample(MremapPeekVariant variant) {
      fixture = MremapPeekFixture.of(variant, layout);
    }

    final void migrateX() {
      try {
        migration = fixture.migrate().name().toLowerCase(Locale.ROOT);
      } catch (RuntimeException e) {
        migration = e.toString();
      }
    }

    final void mremapX() {
      try {
        fixture.mremap();
      } catch (RuntimeException e) {
        failure = e.toString();
      }
    }

    final void judgeInto(LLLL_Result result) {
      result.r1 = layout.id();
      result.r2 = migration;
      result.r3 = failure.isEmpty() ? fixture.verdict() : failure;
      result.r4 = fixture.readX();
      fixture.close();
      if (result.r3.equals("sound") && result.r4 == Content.OK) {
        Witness.good();
      } else {
        Witness.bad();
      }
    }
  }

  @JCStressTest
  @State
  @Outcome(id = MOVED, expect = ACCEPTABLE, desc = MOVED_TEXT)
  @Outcome(id = FAILED, expect = ACCEPTABLE, desc = FAILED_TEXT)
  @Outcome(id = DANGLING, expect = ACCEPTABLE_INTERESTING, desc = DANGLING_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class Peek extends Sample {
    public Peek() {
      super(MremapPeekVariant.PEEK);
    }

    @Actor
    public void migrate() {
      migrateX();
    }

    @Actor
    public void mremap() {
      mremapX();
    }

    @Arbiter
    public void judge(LLLL_Result result) {
      judgeInto(result);
    }
  }

  @JCStressTest
  @State
  @Outcome(id = MOVED, expect = ACCEPTABLE, desc = MOVED_TEXT)
  @Outcome(id = FAILED, expect = ACCEPTABLE, desc = FAILED_TEXT)
  @Outcome(id = DANGLING, expect = ACCEPTABLE_INTERESTING, desc = DANGLING_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class PtlFirst extends Sample {
    public PtlFirst() {
      super(MremapPeekVariant.PTL_FIRST);
    }

    @Actor
    public void migrate() {
      migrateX();
    }

    @Actor
    public void mremap() {
      mremapX();
    }

    @Arbiter
    public void judge(LLLL_Result result) {
      judgeInto(result);
    }
  }

  @JCStressTest
  @State
  @Outcome(id = MOVED, expect = ACCEPTABLE, desc = MOVED_TEXT)
  @Outcome(id = FAILED, expect = FORBIDDEN, desc = FAILED_TEXT)
  @Outcome(id = DANGLING, expect = FORBIDDEN, desc = DANGLING_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class RmapLocks extends Sample {
    public RmapLocks() {
      super(MremapPeekVariant.RMAP_LOCKS);
    }

    @Actor
    public void migrate() {
      migrateX();
    }

    @Actor
    public void mremap() {
      mremapX();
    }

    @Arbiter
    public void judge(LLLL_Result result) {
      judgeInto(result);
    }
  }
}
