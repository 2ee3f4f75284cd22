package org.jmmu.soak;

import java.util.List;
import java.util.SplittableRandom;
import org.jmmu.hw.Cpu;
import org.jmmu.sys.Process;

/**
 * Migrates the pages of {@link BoundaryCalls}. The thread's CPU runs no process meanwhile: the
 * threads would wait for each other at every TLB flush.
 */
final class MigrationCalls implements Program {
  /** How long to look for pages to migrate: longer than the others take to offer the next ones. */
  private static final int MOST_LOOKS = 5_000;

  private final SplittableRandom random;
  private final Process process;
  private final Cpu cpu;
  private final List<BoundaryCalls> others;

  /**
   * @param others whose pages are migrated
   */
  MigrationCalls(SplittableRandom random, Process process, Cpu cpu, List<BoundaryCalls> others) {
    this.random = random;
    this.process = process;
    this.cpu = cpu;
    this.others = others;
  }

  @Override
  public void enter() {
    process.leave(cpu);
  }

  @Override
  public boolean next() {
    IsolatedPages pages = others.get(random.nextInt(others.size())).isolated;
    for (int look = 0; look < MOST_LOOKS; look++) {
      if (pages.migrate() > 0) {
        return true;
      }
      Thread.onSpinWait();
    }
    return false;
  }

  @Override
  public void rest() {}

  @Override
  public void end() {}
}
