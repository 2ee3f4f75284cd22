package org.jmmu.soak;

import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jmmu.compact.Kcompactd;
import org.jmmu.hw.Cpu;
import org.jmmu.sys.Machine;
import org.jmmu.sys.Process;

/**
 * System calls and accesses of all kinds, within one window of addresses and two files, in a few
 * processes, so that threads meet.
 */
final class RandomCalls implements Program {
  /** Calls in one process before the thread goes to another, on average. */
  private static final int SPELL = 50;

  private final SplittableRandom random;
  private final Machine machine;
  private final List<Kcompactd> kcompactds;
  private final Population population;
  private final Cpu cpu;
  private final int[] fds;
  private Population.Member member;

  /**
   * @param kcompactds one a node
   * @param fds of the files that all threads map, read and write
   */
  RandomCalls(
      SplittableRandom random,
      Machine machine,
      List<Kcompactd> kcompactds,
      Population population,
      Cpu cpu,
      int[] fds) {
    this.random = random;
    this.machine = machine;
    this.kcompactds = kcompactds;
    this.population = population;
    this.cpu = cpu;
    this.fds = fds;
    this.member = Objects.requireNonNull(population.join(Population.FIRST));
  }

  @Override
  public void enter() {
    Cpu _ = member.process.runOn(cpu);
  }

  @Override
  public boolean next() {
    SplittableRandom draws = random.split(); // how far the call comes does not show in later ones
    if (draws.nextInt(SPELL) == 0) {
      goTo(draws.nextInt(Population.PLACES));
      return true;
    }
    RandomCall call =
        new RandomCall(draws, machine, kcompactds, population, member.process, cpu, fds);
    return Outcomes.succeeds(call::make);
  }

  @Override
  public void rest() {}

  @Override
  public void end() {
    member.process.leave(cpu);
    population.leave(member);
  }

  private void goTo(int place) {
    Population.Member there = population.join(place);
    if (there != null) {
      Population.Member before = member;
      member = there;
      Process process = there.process;
      Cpu _ = process.runOn(cpu);
      population.leave(before);
    }
  }
}
