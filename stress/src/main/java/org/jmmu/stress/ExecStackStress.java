package org.jmmu.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import org.jmmu.race.execstack.ExecStackFixture;
import org.jmmu.race.execstack.ExecStackVariant;
import org.jmmu.race.execstack.Interleaving;
import org.jmmu.sched.Deadline;
import org.jmmu.sched.DeadlockException;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/**
 * Race exec-stack on real hardware concurrency: one thread gives a process a new program, another
 * migrates page X of its stack once there is one. Each sample draws one of the layouts of {@link
 * Interleaving}; rarely the long one, which takes its time.
 *
 * <p>Outcome: the layout; how the migration ended; what the oracles say; what the new program finds
 * of its arguments, or that execve failed.
 */
public class ExecStackStress {
  private static final String MOVED = "0-E .*, migrated, sound, OK";
  private static final String FAILED = "0-E .*, eagain, sound, OK";
  private static final String TORN_DOWN = "0-E short, (migrated|eagain), sound, ENOMEM";
  private static final String NO_FRAME = "0-E short, enomem, sound, (OK|ENOMEM)";
  private static final String DANGLING = "0-E .*, migrated, dangling, BUG";
  private static final String DEADLOCKED = "deadlock";
  private static final String DEADLOCK = "0-E .*, deadlock, .*";
  private static final String ELSE = ".*";
  private static final String MOVED_TEXT =
      "X was migrated, and is where the new program expects it";
  private static final String FAILED_TEXT = "the migration left X alone";
  private static final String TORN_DOWN_TEXT = "execve found no frame for a table and gave up";
  private static final String NO_FRAME_TEXT = "the migration found no frame to move X to";
  private static final String DANGLING_TEXT =
      "walk 2 missed an entry of walk 1: a migration entry for a page nobody migrates";
  private static final String DEADLOCK_TEXT =
      "walk and writer wait for each other, or one of them for ever";
  private static final String ELSE_TEXT = "another invariant broke, or an actor failed";

  private ExecStackStress() {}

  /** What the nested tests share; they differ in the variant and in the verdict on one row. */
  public abstract static class Sample {
    private static final Interleaving[] LAYOUTS = {
      Interleaving.NEAR, Interleaving.FAR, Interleaving.SHORT
    };

    private static final Measure EAGAIN = Measure.share("eagain");

    private static final int LONG_SHARE = 4096; // one in so many

    /** About as long as a migration takes to get through its walks. */
    private static final int MOST_SPINS = 100;

    private final Interleaving layout = draw();
    private final int spins = ThreadLocalRandom.current().nextInt(MOST_SPINS);
    private final ExecStackFixture fixture;
    private volatile String migration = "";
    private volatile String exec = "";

    private static Interleaving draw() {
      ThreadLocalRandom random = ThreadLocalRandom.current();
      return random.nextInt(LONG_SHARE) == 0
          ? Interleaving.LONG
          : LAYOUTS[random.nextInt(LAYOUTS.length)];
    }

    Sample(ExecStackVariant variant) {
      fixture = ExecStackFixture.of(variant, layout);
    }

    final void migrateX() {
      try {
        migration = fixture.migrate().name().toLowerCase(Locale.ROOT);
      } catch (DeadlockException e) {
        migration = DEADLOCKED;
      } catch (RuntimeException e) {
        migration = e.toString();
      }
    }

    final void execNew() {
      try {
        exec = fixture.exec(spins).name();
      } catch (DeadlockException e) {
        exec = DEADLOCKED;
      } catch (RuntimeException e) {
        exec = e.toString();
      }
    }

    final void judgeInto(LLLL_Result result) {
      result.r1 = layout.id();
      if (migration.equals(DEADLOCKED) || exec.equals(DEADLOCKED)) {
        // The locks of whoever gave up stay held: nothing can be read, and the machine is scrap.
        result.r2 = migration;
        result.r3 = DEADLOCKED;
        result.r4 = exec;
        Witness.bad();
        return;
      }
      result.r2 = migration;
      result.r3 = fixture.verdict();
      EAGAIN.add(migration.equals("eagain"));
      result.r4 =
          exec.equals(ExecStackFixture.Outcome.DONE.name()) ? fixture.readArguments().name() : exec;
      fixture.close();
      if (result.r3.equals("sound") && (result.r4.equals("OK") || result.r4.equals("ENOMEM"))) {
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
  @Outcome(id = TORN_DOWN, expect = ACCEPTABLE, desc = TORN_DOWN_TEXT)
  @Outcome(id = NO_FRAME, expect = ACCEPTABLE, desc = NO_FRAME_TEXT)
  @Outcome(id = DANGLING, expect = ACCEPTABLE_INTERESTING, desc = DANGLING_TEXT)
  @Outcome(id = DEADLOCK, expect = FORBIDDEN, desc = DEADLOCK_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class None extends Sample {
    public None() {
      super(ExecStackVariant.NONE);
    }

    @Actor
    public void migrate() {
      migrateX();
    }

    @Actor
    public void exec() {
      execNew();
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
  @Outcome(id = TORN_DOWN, expect = ACCEPTABLE, desc = TORN_DOWN_TEXT)
  @Outcome(id = NO_FRAME, expect = ACCEPTABLE, desc = NO_FRAME_TEXT)
  @Outcome(id = DANGLING, expect = ACCEPTABLE_INTERESTING, desc = DANGLING_TEXT)
  @Outcome(id = DEADLOCK, expect = ACCEPTABLE_INTERESTING, desc = DEADLOCK_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class SeqExec extends Sample {
    /** Long enough for a thread that is without a CPU, and a hunt sees more than one of them. */
    private static final String DEADLINE_MILLIS = "1000";

    static {
      System.setProperty(Deadline.PROPERTY, DEADLINE_MILLIS);
    }

    public SeqExec() {
      super(ExecStackVariant.SEQ_EXEC);
    }

    @Actor
    public void migrate() {
      migrateX();
    }

    @Actor
    public void exec() {
      execNew();
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
  @Outcome(id = TORN_DOWN, expect = ACCEPTABLE, desc = TORN_DOWN_TEXT)
  @Outcome(id = NO_FRAME, expect = ACCEPTABLE, desc = NO_FRAME_TEXT)
  @Outcome(id = DANGLING, expect = ACCEPTABLE_INTERESTING, desc = DANGLING_TEXT)
  @Outcome(id = DEADLOCK, expect = FORBIDDEN, desc = DEADLOCK_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class TmpVmaTail extends Sample {
    public TmpVmaTail() {
      super(ExecStackVariant.TMP_VMA_TAIL);
    }

    @Actor
    public void migrate() {
      migrateX();
    }

    @Actor
    public void exec() {
      execNew();
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
  @Outcome(id = TORN_DOWN, expect = ACCEPTABLE, desc = TORN_DOWN_TEXT)
  @Outcome(id = NO_FRAME, expect = ACCEPTABLE, desc = NO_FRAME_TEXT)
  @Outcome(id = DANGLING, expect = FORBIDDEN, desc = DANGLING_TEXT)
  @Outcome(id = DEADLOCK, expect = FORBIDDEN, desc = DEADLOCK_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class TmpVmaHead extends Sample {
    public TmpVmaHead() {
      super(ExecStackVariant.TMP_VMA_HEAD);
    }

    @Actor
    public void migrate() {
      migrateX();
    }

    @Actor
    public void exec() {
      execNew();
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
  @Outcome(id = TORN_DOWN, expect = ACCEPTABLE, desc = TORN_DOWN_TEXT)
  @Outcome(id = NO_FRAME, expect = ACCEPTABLE, desc = NO_FRAME_TEXT)
  @Outcome(id = DANGLING, expect = FORBIDDEN, desc = DANGLING_TEXT)
  @Outcome(id = DEADLOCK, expect = FORBIDDEN, desc = DEADLOCK_TEXT)
  @Outcome(id = ELSE, expect = FORBIDDEN, desc = ELSE_TEXT)
  public static class TempStackFlag extends Sample {
    public TempStackFlag() {
      super(ExecStackVariant.TEMP_STACK_FLAG);
    }

    @Actor
    public void migrate() {
      migrateX();
    }

    @Actor
    public void exec() {
      execNew();
    }

    @Arbiter
    public void judge(LLLL_Result result) {
      judgeInto(result);
    }
  }
}
