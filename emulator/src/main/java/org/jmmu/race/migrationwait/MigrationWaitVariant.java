package org.jmmu.race.migrationwait;

import java.util.List;
import java.util.stream.Stream;
import org.jmmu.mm.MigrationWaitProtocol;
import org.jmmu.mm.MigrationWaitPtlQueue;
import org.jmmu.race.RaceVariant;
import org.jmmu.race.Verdict;
import org.jmmu.rmap.VmaAdjustProtocol;
import org.jmmu.sched.Scenario;
import org.jmmu.sys.MachineConfig;

/**
 * The protocols of race migration-wait, each with the reverse-map walks of its kernel: those of
 * 2.6.34 leave entries behind, later ones do not.
 */
@SuppressWarnings("ImmutableEnumChecker") // a protocol has no state
public enum MigrationWaitVariant implements RaceVariant {
  BUG(
      Verdict.BROKEN,
      "an entry that was left behind stops the kernel",
      "2.6.34",
      Walks.MISS,
      new MigrationWaitRef()),
  CLEANUP(
      Verdict.BROKEN,
      "an entry that was left behind is made to map the old frame again",
      "linux-mm 2010-04-22, not merged",
      Walks.MISS,
      new MigrationWaitCleanup()),
  SIGBUS(
      Verdict.BROKEN,
      "an entry that was left behind kills the process",
      "linux-mm 2010-04-22, for debugging",
      Walks.MISS,
      new MigrationWaitSigbus()),
  REF_WAIT(
      Verdict.COSTLY,
      "a waiter keeps a reference, so that the migration may fail",
      "2.6.36 to 4.20",
      Walks.COMPLETE,
      new MigrationWaitRef()),
  PUT_AND_WAIT(
      Verdict.COSTLY,
      "a waiter drops its reference before it sleeps",
      "5.0 to 5.17: 9a1ea439b16b",
      Walks.COMPLETE,
      new MigrationWaitPutAndWait()),
  PTL_QUEUE(
      Verdict.CORRECT,
      "a waiter queues under the ptl and takes no reference",
      "5.18: ffa65753c431",
      Walks.COMPLETE,
      new MigrationWaitPtlQueue());

  /** Whether walk 2 of a migration finds every entry of walk 1. */
  public enum Walks {
    /** It may miss one, as in 2.6.34 and 2.6.35: races vma-adjust and others. */
    MISS,
    /** It finds them all. */
    COMPLETE
  }

  private static final VmaAdjustProtocol NOW_AND_THEN = MissingWalk.nowAndThen();

  private final Verdict verdict;
  private final String summary;
  private final String kernel;
  private final Walks walks;
  private final MigrationWaitProtocol protocol;

  MigrationWaitVariant(
      Verdict verdict, String summary, String kernel, Walks walks, MigrationWaitProtocol protocol) {
    this.verdict = verdict;
    this.summary = summary;
    this.kernel = kernel;
    this.walks = walks;
    this.protocol = protocol;
  }

  @Override
  public Verdict verdict() {
    return verdict;
  }

  @Override
  public String summary() {
    return summary;
  }

  @Override
  public String kernel() {
    return kernel;
  }

  /** The kernel's walks belong to it: those of MISS miss an entry now and then. */
  @Override
  public List<Scenario> scenarios() {
    return Stream.of(Interleaving.FREED, Interleaving.REUSED, Interleaving.MET)
        .map(each -> MigrationWaitFixture.scenario(this, each))
        .toList();
  }

  @Override
  public MachineConfig applyTo(MachineConfig config) {
    MachineConfig waiting = config.withMigrationWait(protocol);
    return walks == Walks.MISS ? waiting.withVmaAdjust(NOW_AND_THEN) : waiting;
  }

  /** Whether the walks of this kernel find every entry. */
  public Walks walks() {
    return walks;
  }

  public MigrationWaitProtocol protocol() {
    return protocol;
  }
}
