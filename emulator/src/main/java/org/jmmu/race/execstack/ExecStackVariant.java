package org.jmmu.race.execstack;

import java.util.List;
import java.util.stream.Stream;
import org.jmmu.mm.ExecStackProtocol;
import org.jmmu.mm.ExecStackTempStackFlag;
import org.jmmu.race.RaceVariant;
import org.jmmu.race.Verdict;
import org.jmmu.race.vmaadjust.VmaAdjustVariant;
import org.jmmu.sched.Scenario;
import org.jmmu.sys.MachineConfig;

/**
 * The protocols of race exec-stack, each with the reverse-map walks it was made for: those of race
 * vma-adjust that go by a list, so that the order of two VMAs is the order in which they came.
 */
@SuppressWarnings("ImmutableEnumChecker") // a protocol has no state
public enum ExecStackVariant implements RaceVariant {
  NONE(
      Verdict.BROKEN,
      "the reverse map expects the pages at their new place while they are at the old one",
      "2.6.34",
      VmaAdjustVariant.ROOT_ONLY,
      new ExecStackNone()),
  SEQ_EXEC(
      Verdict.BROKEN,
      "seqcount write section around the whole move",
      "linux-mm 2010-05-06, not merged",
      VmaAdjustVariant.SEQ_ADDR,
      new ExecStackSeqExec()),
  TMP_VMA_TAIL(
      Verdict.BROKEN,
      "a second VMA stands for the old place, visited behind the new one",
      "linux-mm, spring of 2010, not merged",
      VmaAdjustVariant.ROOT_ONLY,
      new ExecStackTmpVmaTail()),
  TMP_VMA_HEAD(
      Verdict.COSTLY,
      "a second VMA stands for the old place, visited before the new one",
      "linux-mm, spring of 2010, not merged",
      VmaAdjustVariant.ROOT_ONLY,
      new ExecStackTmpVmaHead()),
  TEMP_STACK_FLAG(
      Verdict.CORRECT,
      "flags mark the stack until it is at its place, and migration leaves it alone",
      "2.6.35: a8bef8ff6ea1",
      VmaAdjustVariant.ROOT_ONLY,
      new ExecStackTempStackFlag());

  private final Verdict verdict;
  private final String summary;
  private final String kernel;
  private final VmaAdjustVariant walks;
  private final ExecStackProtocol protocol;

  ExecStackVariant(
      Verdict verdict,
      String summary,
      String kernel,
      VmaAdjustVariant walks,
      ExecStackProtocol protocol) {
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

  @Override
  public List<Scenario> scenarios() {
    return Stream.of(Interleaving.NEAR, Interleaving.FAR, Interleaving.SHORT)
        .map(each -> ExecStackFixture.scenario(this, each))
        .toList();
  }

  @Override
  public MachineConfig applyTo(MachineConfig config) {
    return walks.applyTo(config).withExecStack(protocol);
  }
}
