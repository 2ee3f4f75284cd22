package org.jmmu.sched;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Threads have priorities, drawn by lot, and the first that can go on does; at a few moments, drawn
 * by lot as well, the one that has the turn falls behind all others. A bug that takes {@code d}
 * orderings is found with probability 1 / (n k^(d-1)) at least, for n threads and k pause points.
 *
 * <p>Burckhardt, Kothari, Musuvathi, Nagarakatte, A randomized scheduler with probabilistic
 * guarantees of finding bugs, ASPLOS 2010.
 */
final class Pct implements Strategy {
  private final int[] priority; // larger goes first
  private final int[] changes; // sorted numbers of pause points
  private int point;
  private int lowest;

  /**
   * @param length an estimate of the pause points of a run
   * @param depth orderings that the bug takes, 1 or more
   */
  Pct(long seed, int nrThreads, int length, int depth) {
    SplittableRandom random = new SplittableRandom(seed);
    priority = new int[nrThreads];
    for (int thread = 0; thread < nrThreads; thread++) {
      int place = random.nextInt(thread + 1);
      priority[thread] = priority[place];
      priority[place] = thread + 1;
    }
    changes = random.ints(depth - 1, 0, Math.max(1, length)).sorted().toArray();
  }

  @Override
  public int atPoint(int current, long others) {
    if (Arrays.binarySearch(changes, point++) >= 0) {
      priority[current] = --lowest;
    }
    return first(others | 1L << current);
  }

  @Override
  public int atStop(long candidates) {
    return first(candidates);
  }

  private int first(long candidates) {
    int best = Long.numberOfTrailingZeros(candidates);
    for (long left = candidates; left != 0; left &= left - 1) {
      int thread = Long.numberOfTrailingZeros(left);
      best = priority[thread] > priority[best] ? thread : best;
    }
    return best;
  }
}
