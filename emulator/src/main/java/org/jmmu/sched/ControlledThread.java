package org.jmmu.sched;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A thread that runs one body after another, each in a {@link ControlledRun}: starting a new thread
 * for each would take longer than most runs.
 */
final class ControlledThread implements PausePoint.Steered {
  private static final int SPINS = 200;
  private static final long LOOK_NANOS = 1_000_000_000;

  private final int number;
  private final Thread thread;
  private volatile @Nullable Job job;
  private volatile boolean closed;
  private @Nullable ControlledRun current; // by this thread only

  /** A body, and the run that it is part of. */
  private record Job(ControlledRun run, Runnable body) {}

  /** Unwinds a thread whose run is over. Not an exception that code under test might catch. */
  static final class Abort extends Error {
    private static final long serialVersionUID = 1;

    Abort() {
      super("the run was given up", null, false, false);
    }
  }

  ControlledThread(int number) {
    this.number = number;
    this.thread = Thread.ofPlatform().daemon().name("controlled-" + number).start(this::work);
  }

  int number() {
    return number;
  }

  void give(ControlledRun run, String name, Runnable body) {
    thread.setName(name);
    job = new Job(run, body);
    LockSupport.unpark(thread);
  }

  void wake() {
    LockSupport.unpark(thread);
  }

  void close() {
    closed = true;
    LockSupport.unpark(thread);
  }

  String stack() {
    StringBuilder text = new StringBuilder();
    for (StackTraceElement frame : thread.getStackTrace()) {
      text.append("\n    ").append(frame);
    }
    return text.toString();
  }

  private void work() {
    while (!closed) {
      Job next = job;
      if (next == null) {
        LockSupport.parkNanos(this, LOOK_NANOS);
      } else {
        job = null;
        run(next);
      }
    }
  }

  private void run(Job next) {
    Throwable failure = null;
    try {
      PausePoint.steer(this);
      current = next.run;
      awaitTurn(next.run);
      next.body.run();
    } catch (Abort e) {
      // whoever gave the run up says why
    } catch (Throwable t) {
      failure = t;
    } finally {
      PausePoint.steer(null);
      next.run.ended(number, failure);
    }
  }

  private ControlledRun current() {
    ControlledRun run = current;
    if (run == null) {
      throw new AssertionError("not in a run");
    }
    return run;
  }

  private void awaitTurn(ControlledRun run) {
    for (int looks = 0; run.turn() != number; looks++) {
      if (run.isAborted()) {
        throw abort();
      }
      if (looks < SPINS) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(run, LOOK_NANOS);
      }
    }
    if (run.isAborted()) {
      throw abort();
    }
  }

  private static Abort abort() {
    PausePoint.steer(null); // locks that finally blocks take are taken without turns
    return new Abort();
  }

  @Override
  public void reached(String point) {
    stop(point, false);
  }

  @Override
  public void offered(String point) {
    stop(point, true);
  }

  private void stop(String point, boolean offered) {
    ControlledRun run = current();
    if (run.isAborted()) {
      throw abort();
    }
    run.reached(number, point, offered);
    awaitTurn(run);
  }

  @Override
  public void blocked(String lock) {
    ControlledRun run = current();
    run.blocked(number, lock);
    awaitTurn(run);
  }

  @Override
  public void unblocked() {
    current().unblocked(number);
  }

  @Override
  public void released() {
    current().released();
  }
}
