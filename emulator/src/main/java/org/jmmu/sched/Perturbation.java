package org.jmmu.sched;

import java.util.concurrent.ThreadLocalRandom;

/** Random delays at pause points: mostly none, now and then long enough for another CPU to pass. */
final class Perturbation {
  private static final int ONE_IN = 4;
  private static final int MOST_SPINS = 64;
  private static final int ONE_YIELD_IN = 128;

  private Perturbation() {}

  static void spin() {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    if (random.nextInt(ONE_IN) == 0) {
      for (int i = random.nextInt(MOST_SPINS); i > 0; i--) {
        Thread.onSpinWait();
      }
    }
  }

  @SuppressWarnings("ThreadPriorityCheck") // the scheduler may do that anyway; here it does more
  static void spinOrYield() {
    if (ThreadLocalRandom.current().nextInt(ONE_YIELD_IN) == 0) {
      Thread.yield();
    } else {
      spin();
    }
  }
}
