package org.jmmu.race.vmaadjust;

import java.util.Arrays;
import java.util.List;
import org.jmmu.race.RaceVariant;
import org.jmmu.race.Verdict;
import org.jmmu.rmap.VmaAdjustProtocol;
import org.jmmu.rmap.VmaAdjustRwsemInterval;
import org.jmmu.sched.Scenario;
import org.jmmu.sys.MachineConfig;

/** The protocols of race vma-adjust. */
@SuppressWarnings("ImmutableEnumChecker") // a protocol has no state
public enum VmaAdjustVariant implements RaceVariant {
  NONE(Verdict.BROKEN, "vma_adjust takes no anon_vma lock", "2.6.34", new VmaAdjustNone()),
  SEQ_ADDR(
      Verdict.BROKEN,
      "seqcount around each address computation, as posted",
      "linux-mm 2010-05-06, not merged",
      new VmaAdjustSeqAddr()),
  SEQ_ADDR_RANGE(
      Verdict.BROKEN,
      "the same with the comparison with the VMA's range inside the loop",
      "after linux-mm 2010-05-06, not posted",
      new VmaAdjustSeqAddrRange()),
  SEQ_WALK(
      Verdict.COSTLY,
      "seqcount around the whole walk, which starts over after any change",
      "after linux-mm 2010-05-06, not posted",
      new VmaAdjustSeqWalk()),
  TRYLOCK_RESTART(
      Verdict.BROKEN,
      "walk try-locks each VMA's anon_vma while it looks at it, and starts over on contention",
      "linux-mm 2010-05-05, not merged",
      new VmaAdjustTrylockRestart()),
  ROOT_ORDERED(
      Verdict.BROKEN,
      "walk locks the root, then each VMA's anon_vma while it looks at it, old before new",
      "linux-mm 2010-05-06, not merged",
      new VmaAdjustRootOrdered()),
  ROOT_ONLY_SKIP_NEXT(
      Verdict.BROKEN,
      "walk and vma_adjust lock the root anon_vma, but not that of a neighbour that grows",
      "2.6.36 to 3.6: 5c341ee1dfc8, 012f18004da3, 76545066c852",
      new VmaAdjustRootOnlySkipNext()),
  ROOT_ONLY_SKIP_END(
      Verdict.CORRECT,
      "walk and vma_adjust lock the root anon_vma, but not for a change of vm_end alone",
      "2.6.36 to 3.6, with the correction of 3.7",
      new VmaAdjustRootOnlySkipEnd()),
  ROOT_ONLY(
      Verdict.CORRECT,
      "walk and vma_adjust lock the root anon_vma of the fork tree",
      "2.6.36, with the correction of 3.7",
      new VmaAdjustRootOnly()),
  RWSEM_INTERVAL(
      Verdict.CORRECT,
      "walks read-lock the root anon_vma, vma_adjust moves the VMA in an interval tree",
      "3.8 to today: bf181b9f9d8d, 5a505085f043, 4fc3f1d66b1e",
      new VmaAdjustRwsemInterval());

  private final Verdict verdict;
  private final String summary;
  private final String kernel;
  private final VmaAdjustProtocol protocol;

  VmaAdjustVariant(Verdict verdict, String summary, String kernel, VmaAdjustProtocol protocol) {
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
  public MachineConfig applyTo(MachineConfig config) {
    return config.withVmaAdjust(protocol);
  }

  @Override
  public List<Scenario> scenarios() {
    return Arrays.stream(Interleaving.values())
        .map(each -> VmaAdjustFixture.scenario(this, each, Mapping.ANON))
        .toList();
  }

  public VmaAdjustProtocol protocol() {
    return protocol;
  }
}
