package org.jmmu.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import org.jmmu.race.migrationwait.Interleaving;
import org.jmmu.race.migrationwait.MigrationWaitFixture;
import org.jmmu.race.migrationwait.MigrationWaitFixture.Access;
import org.jmmu.race.migrationwait.MigrationWaitVariant;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/**
 * Race migration-wait on real hardware concurrency: one thread migrates page X, another reads it
 * until the migration is over. Each sample draws one of the layouts of {@link Interleaving}; in
 * those of 3-A, walk 2 misses X's entry if the variant's kernel had such walks.
 *
 * <p>Outcome: the layout; how the migration ended; what became of the reads; what the oracles say.
 * Among the samples of 3-C, the share of those whose migration failed is what the wait costs.
 */
public class MigrationWaitStress {
  private static final String MOVED = "3-.*, migrated, OK, sound";
  private static final String FAILED = "3-.*, eagain, OK, sound";
  private static final String LOST =
      "3-A .*, (migrated|eagain), (BUG|SIGBUS|LIVELOCK|WRONG|OK), .*";
  private static final String ELSE = ".*";
  private static final String MOVED_TEXT = "X was moved, and reads found it";
  private static final String FAILED_TEXT = "a waiter's reference made the migration fail";
  private static final String LOST_TEXT = "an entry was left behind, and no wait could heal it";
  private static final String ELSE_TEXT = "another invariant broke, or an actor failed";

  private MigrationWaitStress() {}

  /** What the nested tests share; they differ in the variant and in the verdict on two rows. */
  public abstract static class Sample {
    private static final Interleaving[] LAYOUTS = {
      Interleaving.FREED, Interleaving.REUSED, Interleaving.MET
    };
    private static final Measure EAGAIN = Measure.share("3-C-eagain");

    private final Interleaving layout =
        LAYOUTS[ThreadLocalRandom.current().nextInt(LAYOUTS.length)];
    private final MigrationWaitFixture fixture;
    private volatile String migration = "";
    private volatile String access = "";

    Sample(MigrationWaitVariant variant) {
      fixture = MigrationWaitFixture.of(variant, layout);
    }

    final void migrateX() {
      try {
        migration = fixture.migrate().name().toLowerCase(Locale.ROOT);
      } catch (RuntimeException e) {
        migration = e.toString();
      }
    }

    final void readX() {
      try {
        access = fixture.readOn().name();
      } catch (RuntimeException e) {
        access = e.toString();
      }
    }

    final void judgeInto(LLLL_Result result) {
      result.r1 = layout.id();
      result.r2 = migration;
      result.r3 = access;
      result.r4 = fixture.verdict();
      if (layout == Interleaving.MET) {
        EAGAIN.add(migration.equals("eagain"));
      }
      fixture.close();
      if (result.r3.equals(Access.OK.name()) && result.r4.equals("sound")) {
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
  @Outcome(id = LOST, expect = ACCEPTABLE_INTERESTING, desc = LOST_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class Bug extends Sample {
    public Bug() {
      super(MigrationWaitVariant.BUG);
    }

    @Actor
    public void migrate() {
      migrateX();
    }

    @Actor
    public void read() {
      readX();
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
  @Outcome(id = LOST, expect = ACCEPTABLE_INTERESTING, desc = LOST_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class Cleanup extends Sample {
    public Cleanup() {
      super(MigrationWaitVariant.CLEANUP);
    }

    @Actor
    public void migrate() {
      migrateX();
    }

    @Actor
    public void read() {
      readX();
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
  @Outcome(id = LOST, expect = ACCEPTABLE_INTERESTING, desc = LOST_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class Sigbus extends Sample {
    public Sigbus() {
      super(MigrationWaitVariant.SIGBUS);
    }

    @Actor
    public void migrate() {
      migrateX();
    }

    @Actor
    public void read() {
      readX();
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
  @Outcome(id = LOST, expect = FORBIDDEN, desc = LOST_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class RefWait extends Sample {
    public RefWait() {
      super(MigrationWaitVariant.REF_WAIT);
    }

    @Actor
    public void migrate() {
      migrateX();
    }

    @Actor
    public void read() {
      readX();
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
  @Outcome(id = LOST, expect = FORBIDDEN, desc = LOST_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class PutAndWait extends Sample {
    public PutAndWait() {
      super(MigrationWaitVariant.PUT_AND_WAIT);
    }

    @Actor
    public void migrate() {
      migrateX();
    }

    @Actor
    public void read() {
      readX();
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
  @Outcome(id = LOST, expect = FORBIDDEN, desc = LOST_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class PtlQueue extends Sample {
    public PtlQueue() {
      super(MigrationWaitVariant.PTL_QUEUE);
    }

    @Actor
    public void migrate() {
      migrateX();
    }

    @Actor
    public void read() {
      readX();
    }

    @Arbiter
    public void judge(LLLL_Result result) {
      judgeInto(result);
    }
  }
}
