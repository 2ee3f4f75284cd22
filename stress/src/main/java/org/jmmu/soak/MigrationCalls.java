package org.jmmu.soak;

import java.util.List;
import java.util.SplittableRandom;
import org.jmmu.hw.Cpu;
import org.jmmu.sys.Process;

/**
 * Migrates the pages that other threads offer. The thread's CPU runs no process meanwhile: the
 * threads would wait for each other at every TLB flush.
 */
final class MigrationCalls implements Program {
  private final SplittableRandom random;
  private final Process process;
  private final Cpu cpu;
  private final List<IsolatedPages> offers;

  /**
   * @param offers each of another thread
   */
  MigrationCalls(SplittableRandom random, Process process, Cpu cpu, List<IsolatedPages> offers) {
    this.random = random;
    this.process = process;
    this.cpu = cpu;
    this.offers = offers;
  }

  @Override
  public void enter() {
    process.leave(cpu);
    offers.forEach(IsolatedPages::awaitOpen);
  }

  @Override
  public boolean next() {
    return offers.get(random.nextInt(offers.size())).migrate() > 0;
  }

  @Override
  public void rest() {}

  @Override
  public void end() {}
}
