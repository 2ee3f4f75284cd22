package org.jmmu.race.mpxunmap;

import java.util.Arrays;
import java.util.List;
import org.jmmu.mm.Fault;
import org.jmmu.mpx.MpxUnmapAbsent;
import org.jmmu.mpx.MpxUnmapProtocol;
import org.jmmu.race.RaceVariant;
import org.jmmu.race.Verdict;
import org.jmmu.sched.Scenario;
import org.jmmu.sys.MachineConfig;

/** The protocols of race mpx-unmap. */
@SuppressWarnings("ImmutableEnumChecker") // a protocol has no state
public enum MpxUnmapVariant implements RaceVariant {
  FAULT_UNDER_W(
      Verdict.BROKEN,
      "munmap accesses the directory as any user memory, with mmap_lock held for writing",
      "never",
      new MpxUnmapFaultUnderW()),
  NOFAULT_SKIP(
      Verdict.BROKEN,
      "page faults disabled; a directory page that is not there is left alone",
      "posted in October 2014",
      new MpxUnmapNofaultSkip()),
  BDSEM(
      Verdict.COSTLY,
      "a semaphore outside mmap_lock; entries cleared and slices zapped before the unmapping",
      "proposed in October 2014",
      new MpxUnmapBdsem()),
  BDSEM_ZAP_POST(
      Verdict.BROKEN,
      "the same, slices zapped after the unmapping",
      "never",
      new MpxUnmapBdsemZapPost()),
  GUP_RETRY(
      Verdict.CORRECT,
      "get_user_pages brings the directory page in, under mmap_lock(W)",
      "3.19: 1de4fa14ee25",
      new MpxUnmapGupRetry()),
  GUP_RECURSIVE_LATE(
      Verdict.BROKEN,
      "the same, while the VMAs are out of the tree and their pages still there",
      "4.20: dd2283f2605e",
      new MpxUnmapGupRecursiveLate()),
  GUP_EARLY(
      Verdict.COSTLY,
      "the same, before anything is changed; most tables stay",
      "5.2: 5a28fc94c914",
      new MpxUnmapGupEarly()),
  ABSENT(Verdict.CORRECT, "there is no MPX", "5.6: ccaaaf6fe5a5", new MpxUnmapAbsent());

  private final Verdict verdict;
  private final String summary;
  private final String kernel;
  private final MpxUnmapProtocol protocol;

  MpxUnmapVariant(Verdict verdict, String summary, String kernel, MpxUnmapProtocol protocol) {
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

  /** Whether a run may end so: a leak is what {@link #GUP_EARLY} costs. */
  boolean allows(String verdict) {
    return switch (verdict) {
      case "sound" -> this != ABSENT;
      case "absent" -> this == ABSENT;
      case "leak" -> this == GUP_EARLY;
      default -> false;
    };
  }

  @Override
  public List<Scenario> scenarios() {
    return Arrays.stream(Interleaving.values())
        .map(each -> MpxUnmapFixture.scenario(this, each))
        .toList();
  }

  /** Kernels with MPX had no locks of single VMAs: a fault takes mmap_lock. */
  @Override
  public MachineConfig applyTo(MachineConfig config) {
    MachineConfig result = config.with(MpxUnmapProtocol.class, protocol);
    return this == ABSENT ? result : result.withFaultLocking(Fault.Locking.MMAP_LOCK);
  }
}
