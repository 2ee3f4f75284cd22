package org.jmmu.race.uffdmove;

import java.util.Arrays;
import java.util.List;
import org.jmmu.race.RaceVariant;
import org.jmmu.race.Verdict;
import org.jmmu.rmap.UffdMoveBoth;
import org.jmmu.rmap.UffdMoveProtocol;
import org.jmmu.sched.Scenario;
import org.jmmu.sys.MachineConfig;

/** The protocols of race uffd-move. */
@SuppressWarnings("ImmutableEnumChecker") // a protocol has no state
public enum UffdMoveVariant implements RaceVariant {
  NO_RECHECK(
      Verdict.BROKEN,
      "a walk trusts the anon_vma that a mapped page had when it looked",
      "2.6.35 to 6.7, with the mover of 6.8",
      new UffdMoveNoRecheck()),
  SLOW_ONLY(
      Verdict.BROKEN,
      "a walk that waited for the lock looks again, one that got it at once does not",
      "posted in September 2023 (v2)",
      new UffdMoveSlowOnly()),
  BOTH(
      Verdict.BROKEN,
      "every walk looks again; mapping changes before index",
      "6.8 to 6.18",
      new UffdMoveBoth()),
  BOTH_INDEX_FIRST(
      Verdict.CORRECT,
      "every walk looks again; index changes before mapping",
      "none",
      new UffdMoveBothIndexFirst()),
  FOLIO_LOCK(
      Verdict.CORRECT,
      "walks lock the page, the mover leaves the anon_vma's lock alone",
      "6.19",
      new UffdMoveFolioLock());

  private final Verdict verdict;
  private final String summary;
  private final String kernel;
  private final UffdMoveProtocol protocol;

  UffdMoveVariant(Verdict verdict, String summary, String kernel, UffdMoveProtocol protocol) {
    this.verdict = verdict;
    this.summary = summary;
    this.kernel = kernel;
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

  @Override
  public List<Scenario> scenarios() {
    return Arrays.stream(Interleaving.values())
        .map(each -> UffdMoveFixture.scenario(this, each))
        .toList();
  }

  @Override
  public MachineConfig applyTo(MachineConfig config) {
    return config.withUffdMove(protocol);
  }
}
