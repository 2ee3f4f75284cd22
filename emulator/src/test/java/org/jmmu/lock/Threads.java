package org.jmmu.lock;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Real threads for tests; every wait for one ends. */
final class Threads {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final int SPINS = 1000;
  private static final long NAP_NANOS = 20_000;

  private Threads() {}

  /** A thread that was started, and its exception if it got one. */
  record Started(Thread thread, FutureTask<Void> task) {
    /** Waits until the thread is done, and throws what it threw. */
    void join() {
      try {
        task.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
      } catch (ExecutionException e) {
        throw new AssertionError(thread.getName() + " failed", e.getCause());
      } catch (TimeoutException | InterruptedException e) {
        throw new AssertionError(thread.getName() + " does not end", e);
      }
    }

    /** Waits until the thread sleeps: the state of a thread that is parked for a lock. */
    Started awaitParked() {
      await(
          () ->
              switch (thread.getState()) {
                case WAITING, TIMED_WAITING -> true;
                default -> false;
              });
      return this;
    }
  }

  static Started start(String name, Runnable body) {
    FutureTask<Void> task = new FutureTask<>(body, null);
    return new Started(Thread.ofPlatform().daemon().name(name).start(task), task);
  }

  /** Runs the bodies at the same time, as far as the host lets them. */
  static void together(Runnable... bodies) {
    CountDownLatch ready = new CountDownLatch(bodies.length);
    List<Started> started = new ArrayList<>();
    for (Runnable body : bodies) {
      started.add(
          start(
              "T" + started.size(),
              () -> {
                ready.countDown();
                await(() -> ready.getCount() == 0);
                body.run();
              }));
    }
    started.forEach(Started::join);
  }

  /** Runs {@code body} in another thread, start to end. */
  static void elsewhere(Runnable body) {
    start("elsewhere", body).join();
  }

  static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + LIMIT.toNanos();
    int looks = 0;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        throw new AssertionError("it does not happen");
      }
      if (++looks < SPINS) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(NAP_NANOS); // leaves the CPU to whom this waits for
      }
    }
  }
}
