package org.jmmu.soak;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.SplittableRandom;
import org.jmmu.sys.Machine;
import org.jmmu.sys.MachineConfig;
import org.jmmu.sys.Process;
import org.junit.jupiter.api.Test;

/** A seed means the same calls, whatever comes of them: here, with and without enough memory. */
class ProgramTest {
  private static final int CALLS = 2_000;
  private static final int PLENTY = 4096;
  private static final int FEW = 48;

  /** What is drawn behind the last call, and how many calls worked. */
  private record Outcome(long nextDraw, int worked) {}

  private static Outcome run(int frames, boolean boundaries) {
    SplittableRandom random = new SplittableRandom(7);
    MachineConfig config = MachineConfig.small().withFrames(frames).withCpus(1);
    try (Machine machine = Machine.boot(config)) {
      Process process = machine.spawn();
      int[] fds = {process.memfdCreate("a", 0), process.memfdCreate("b", 0)};
      Population population = new Population(process);
      Program program =
          boundaries
              ? new BoundaryCalls(random, machine, process, machine.cpu(0), 0)
              : new RandomCalls(random, population, machine.cpu(0), fds);
      program.enter();
      int worked = 0;
      for (int i = 0; i < CALLS; i++) {
        worked += program.next() ? 1 : 0;
      }
      program.rest();
      program.end();
      population.end();
      machine.check();
      return new Outcome(random.nextLong(), worked);
    }
  }

  @Test
  void randomCallsDoNotDependOnWhatCameOfTheOnesBefore() {
    Outcome plenty = run(PLENTY, false);
    Outcome few = run(FEW, false);
    assertNotEquals(plenty.worked, few.worked);
    assertEquals(plenty.nextDraw, few.nextDraw);
  }

  @Test
  void norDoBoundaryCalls() {
    Outcome plenty = run(PLENTY, true);
    assertEquals(CALLS, plenty.worked);
    assertEquals(plenty.nextDraw, run(FEW, true).nextDraw);
  }
}
