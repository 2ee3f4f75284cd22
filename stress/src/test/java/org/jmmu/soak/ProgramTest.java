package org.jmmu.soak;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.List;
import java.util.SplittableRandom;
import org.jmmu.hw.Cpu;
import org.jmmu.sys.Machine;
import org.jmmu.sys.MachineConfig;
import org.jmmu.sys.Process;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A seed means the same calls, whatever comes of them: here, with and without enough memory. */
class ProgramTest {
  private static final int CALLS = 2_000;
  private static final int OFFERS = 12; // each waits for somebody to migrate the pages
  private static final int PLENTY = 4096;
  private static final int FEW = 48;

  /** Programs that offer pages for migration. */
  enum Offering {
    BOUNDARIES,
    REMAPS,
    EXECS
  }

  /** What is drawn behind the last call, and how many calls worked. */
  private record Outcome(long nextDraw, int worked) {}

  private static Machine boot(int frames) {
    return Machine.boot(MachineConfig.small().withFrames(frames).withCpus(1));
  }

  private static Outcome runRandom(int frames) {
    SplittableRandom random = new SplittableRandom(7);
    try (Machine machine = boot(frames)) {
      Process process = machine.spawn();
      int[] fds = {process.memfdCreate("a", 0), process.memfdCreate("b", 0)};
      Population population = new Population(process);
      Program program =
          new RandomCalls(random, machine, List.of(), population, machine.cpu(0), fds);
      int worked = run(program, CALLS);
      population.end();
      machine.check();
      return new Outcome(random.nextLong(), worked);
    }
  }

  private static Outcome runOffering(int frames, Offering kind) {
    SplittableRandom random = new SplittableRandom(7);
    try (Machine machine = boot(frames)) {
      Process process = machine.spawn();
      IsolatedPages isolated = new IsolatedPages(machine);
      Cpu cpu = machine.cpu(0);
      Program program =
          switch (kind) {
            case BOUNDARIES -> new BoundaryCalls(random, isolated, process, cpu, 0);
            case REMAPS -> new RemapCalls(random, isolated, process, cpu, 0);
            case EXECS -> new ExecCalls(random, isolated, process, cpu);
          };
      int worked = run(program, OFFERS);
      process.exit();
      machine.check();
      return new Outcome(random.nextLong(), worked);
    }
  }

  private static int run(Program program, int calls) {
    program.enter();
    int worked = 0;
    for (int i = 0; i < calls; i++) {
      worked += program.next() ? 1 : 0;
    }
    program.rest();
    program.end();
    return worked;
  }

  @Test
  void randomCallsDoNotDependOnWhatCameOfTheOnesBefore() {
    Outcome plenty = runRandom(PLENTY);
    Outcome few = runRandom(FEW);
    assertNotEquals(plenty.worked, few.worked);
    assertEquals(plenty.nextDraw, few.nextDraw);
  }

  @ParameterizedTest
  @EnumSource
  void norDoThoseThatOfferPages(Offering kind) {
    Outcome plenty = runOffering(PLENTY, kind);
    assertEquals(OFFERS, plenty.worked);
    assertEquals(plenty.nextDraw, runOffering(FEW, kind).nextDraw);
  }
}
