package org.jmmu.differential;

import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Which processes a sequence has, as far as its generator knows. */
final class GeneratedProcesses {
  private static final int FORK_OR_KILL_ONE_IN = 25;

  private static final int NOBODY = -1;

  private final SplittableRandom random;
  private final boolean forks;
  private final boolean[] alive = new boolean[EmulatorProcesses.MAX];
  private final int[] parents = new int[EmulatorProcesses.MAX];

  GeneratedProcesses(SplittableRandom random, boolean forks) {
    this.random = random;
    this.forks = forks;
    alive[0] = true;
  }

  /** A process that is there. */
  int pick() {
    int who = forks ? random.nextInt(alive.length) : 0;
    while (!alive[who]) {
      who--; // 0 always is
    }
    return who;
  }

  /** Once in a while a process begins or ends. */
  @Nullable Call forkOrKill() {
    if (!forks || random.nextInt(FORK_OR_KILL_ONE_IN) != 0) {
      return null;
    }
    int child = 1 + random.nextInt(alive.length - 1);
    return alive[child] ? kill(child) : fork(child);
  }

  private Call fork(int child) {
    parents[child] = pick();
    alive[child] = true;
    return new Call(parents[child], Op.FORK, child);
  }

  /** Only a parent can; an orphan stays to the end. */
  private @Nullable Call kill(int child) {
    int parent = parents[child];
    if (parent == NOBODY) {
      return null;
    }
    alive[child] = false;
    for (int i = 0; i < parents.length; i++) {
      if (parents[i] == child) {
        parents[i] = NOBODY;
      }
    }
    return new Call(parent, Op.KILL, child);
  }
}
