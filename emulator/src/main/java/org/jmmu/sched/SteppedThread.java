package org.jmmu.sched;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One thread of a {@link Stepper} run, and the baton between it and the thread that steps it.
 *
 * <p>{@code stop} is the baton: null while this thread runs, otherwise why it does not. Only the
 * side whose turn it is writes it (and, before it, the plain fields), and the other side waits for
 * that; the volatile store therefore publishes everything one side did to the other.
 */
final class SteppedThread implements PausePoint.Steered {
  /** Longest time between two looks at whether the stepping thread is still alive. */
  private static final long LOOK_NANOS = 1_000_000_000;

  private final String name;
  private final Stepper.Watcher watcher;
  private final Thread thread;
  private final Thread stepping = Thread.currentThread();

  private volatile @Nullable Stop stop = new Stop(StopKind.STARTED, "");
  private volatile boolean aborted;

  // Plain: handed over with the baton.
  private String untilPoint = "";
  private int timesLeft;
  private boolean waiting;
  private boolean stuck;
  private List<String> passed = new ArrayList<>();
  private @Nullable Throwable failure;

  /** Why a thread does not run. */
  enum StopKind {
    STARTED,
    REACHED,
    BLOCKED,
    ENDED
  }

  /**
   * @param detail the pause point or the lock, if any
   */
  record Stop(StopKind kind, String detail) {}

  /** Unwinds a thread whose run is over. Not an exception that code under test might catch. */
  private static final class Abort extends Error {
    private static final long serialVersionUID = 1;

    Abort() {
      super("the stepped run was given up", null, false, false);
    }
  }

  SteppedThread(String name, Runnable body, Stepper.Watcher watcher) {
    this.name = name;
    this.watcher = watcher;
    this.thread = Thread.ofPlatform().daemon().name(name).unstarted(() -> run(body));
  }

  private void run(Runnable body) {
    try {
      PausePoint.steer(this);
      awaitTurn();
      body.run();
      watcher.at(name, Schedule.Step.END);
    } catch (Abort e) {
      // whoever gave the run up says why
    } catch (Throwable t) {
      failure = t;
    } finally {
      PausePoint.steer(null);
      stop = new Stop(StopKind.ENDED, "");
      LockSupport.unpark(stepping);
    }
  }

  // The stepped thread's side.

  @Override
  public void reached(String point) {
    unwindIfAborted();
    waiting = false;
    stuck = false;
    passed.add(point);
    watched(point);
    if (point.equals(untilPoint) && --timesLeft == 0) {
      passTurn(new Stop(StopKind.REACHED, point));
    }
  }

  @Override
  public void blocked(String lock) {
    stuck = waiting;
    waiting = true;
    watched("waits for " + lock);
    passTurn(new Stop(StopKind.BLOCKED, lock));
  }

  /** What the watcher looks at may come to pause points of its own. */
  private void watched(String where) {
    PausePoint.steer(null);
    watcher.at(name, where);
    PausePoint.steer(this);
  }

  @Override
  public void unblocked() {
    waiting = false;
    stuck = false;
  }

  @Override
  public void offered(String point) {
    reached(point);
  }

  @Override
  public void released() {
    // a stepped thread looks at its next turn, whatever has happened
  }

  private void passTurn(Stop why) {
    stop = why;
    LockSupport.unpark(stepping);
    awaitTurn();
  }

  private void awaitTurn() {
    boolean interrupted = false;
    while (stop != null && !aborted) {
      LockSupport.parkNanos(this, LOOK_NANOS);
      interrupted |= Thread.interrupted();
      if (!stepping.isAlive()) {
        aborted = true;
      }
    }
    if (interrupted) {
      thread.interrupt();
    }
    unwindIfAborted();
  }

  private void unwindIfAborted() {
    if (aborted) {
      PausePoint.steer(null); // locks that finally blocks take are taken without turns
      throw new Abort();
    }
  }

  // The stepping thread's side; the stepped thread must be stopped.

  void start() {
    thread.start();
  }

  /**
   * Lets the thread run until it stops again, at the latest where the step says.
   *
   * @throws DeadlockException if it comes to no stop
   */
  Stop turn(Schedule.Step step) {
    untilPoint = step.untilEnd() ? "" : step.point();
    timesLeft = step.occurrence();
    passed = new ArrayList<>();
    stop = null;
    LockSupport.unpark(thread);
    return awaitStop();
  }

  private Stop awaitStop() {
    Deadline deadline = Deadline.startOfTurn();
    boolean interrupted = false;
    Stop why;
    while ((why = stop) == null) {
      LockSupport.parkNanos(this, deadline.remainingNanos());
      interrupted |= Thread.interrupted();
      if (deadline.hasPassed() && stop == null) {
        throw new DeadlockException(
            "thread %s came to no pause point, lock wait or end within %d ms; it is at%s"
                .formatted(name, deadline.millis(), stack()));
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return why;
  }

  private String stack() {
    StringBuilder text = new StringBuilder();
    for (StackTraceElement frame : thread.getStackTrace()) {
      text.append("\n    ").append(frame);
    }
    return text.toString();
  }

  /** Makes the thread unwind, now or at its next pause point. */
  void abort() {
    aborted = true;
    LockSupport.unpark(thread);
  }

  /** Waits until the thread is gone or the deadline has passed. */
  void join(Deadline deadline) {
    boolean interrupted = false;
    while (thread.isAlive() && !deadline.hasPassed()) {
      try {
        thread.join(Duration.ofNanos(Math.max(1, deadline.remainingNanos())));
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  String name() {
    return name;
  }

  boolean hasEnded() {
    Stop why = stop;
    return why != null && why.kind() == StopKind.ENDED;
  }

  /** Whether the last turn was spent on the same wait as the one before, in vain. */
  boolean isStuck() {
    return stuck;
  }

  /** The lock that the thread waits for, or an empty string. */
  String waitsFor() {
    Stop why = stop;
    return why != null && why.kind() == StopKind.BLOCKED ? why.detail() : "";
  }

  /** The pause points that the last turn passed, the one it stopped at included. */
  List<String> passed() {
    return List.copyOf(passed);
  }

  @Nullable Throwable failure() {
    return failure;
  }
}
