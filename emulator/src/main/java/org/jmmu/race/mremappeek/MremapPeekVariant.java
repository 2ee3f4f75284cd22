package org.jmmu.race.mremappeek;

import java.util.Arrays;
import java.util.List;
import org.jmmu.race.RaceVariant;
import org.jmmu.race.Verdict;
import org.jmmu.rmap.MremapPeekProtocol;
import org.jmmu.rmap.MremapPeekRmapLocks;
import org.jmmu.sched.Scenario;
import org.jmmu.sys.MachineConfig;

/** The protocols of race mremap-peek. */
@SuppressWarnings("ImmutableEnumChecker") // a protocol has no state
public enum MremapPeekVariant implements RaceVariant {
  PEEK(
      Verdict.BROKEN,
      "walk 2 looks at an entry before it takes the page-table lock",
      "2.6.34 to 3.0",
      new MremapPeekPeek()),
  PTL_FIRST(
      Verdict.BROKEN,
      "walk 2 takes the page-table lock before it looks",
      "3.1: 486cf46f3f9b",
      new MremapPeekPtlFirst()),
  RMAP_LOCKS(
      Verdict.CORRECT,
      "mremap keeps walks out while entries move to a VMA that may be visited first",
      "3.7: 108d6642ad81, 38a76013ad80",
      new MremapPeekRmapLocks());

  private final Verdict verdict;
  private final String summary;
  private final String kernel;
  private final MremapPeekProtocol protocol;

  MremapPeekVariant(Verdict verdict, String summary, String kernel, MremapPeekProtocol protocol) {
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
        .map(each -> MremapPeekFixture.scenario(this, each))
        .toList();
  }

  @Override
  public MachineConfig applyTo(MachineConfig config) {
    return config.withMremapPeek(protocol);
  }
}
