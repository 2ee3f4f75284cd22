package org.jmmu.bench;

import org.jmmu.sched.DeadlockException;
import org.jspecify.annotations.Nullable;

/** Walks the reverse map of a family's pages, over and over, on a CPU of its own. */
final class FamilyWalker {
  private final Family family;
  private final Thread thread = new Thread(this::run, "walker");
  private volatile boolean over;
  private volatile long walks;
  private volatile @Nullable Throwable failure;

  FamilyWalker(Family family) {
    this.family = family;
  }

  /** Returns as soon as it walks. */
  void start() {
    thread.start();
    while (walks == 0 && failure == null) {
      Thread.onSpinWait();
    }
  }

  /** Walks so far that came to their end. */
  long walks() {
    return walks;
  }

  /**
   * @throws IllegalStateException if it could not go on
   */
  void end() throws InterruptedException {
    over = true;
    thread.join();
    if (failure != null) {
      throw new IllegalStateException(failure);
    }
  }

  private void run() {
    try {
      HostThread.pin(1);
      long count = 0;
      for (int page = 0; !over; page = (page + 1) % Family.PAGES) {
        if (walkOne(page)) {
          walks = ++count;
        }
      }
    } catch (RuntimeException | Error e) {
      failure = e;
    }
  }

  /** Whether it came to its end: one that starts over for too long is given up, a livelock. */
  private boolean walkOne(int page) {
    try {
      family.walkReferenced(page);
      return true;
    } catch (DeadlockException e) {
      return false;
    }
  }
}
