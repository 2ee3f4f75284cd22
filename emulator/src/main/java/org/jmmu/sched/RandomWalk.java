package org.jmmu.sched;

import java.util.SplittableRandom;

/** Goes over to a thread drawn by lot at one pause point in so many. */
final class RandomWalk implements Strategy {
  private static final int ONE_IN = 8;

  private final SplittableRandom random;

  RandomWalk(long seed) {
    this.random = new SplittableRandom(seed);
  }

  @Override
  public int atPoint(int current, long others) {
    return random.nextInt(ONE_IN) == 0 ? draw(others) : current;
  }

  @Override
  public int atStop(long candidates) {
    return draw(candidates);
  }

  private int draw(long threads) {
    long left = threads;
    for (int skip = random.nextInt(Long.bitCount(threads)); skip > 0; skip--) {
      left &= left - 1;
    }
    return Long.numberOfTrailingZeros(left);
  }
}
