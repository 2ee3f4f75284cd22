package org.jmmu.sched;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A thread that runs only in its turns. The two semaphores pass one baton to and fro, so that all
 * fields are handed over with it.
 */
final class SteppedThread implements PausePoint.Steered {
  private final String name;
  private final Runnable body;
  private final Semaphore turn = new Semaphore(0);
  private final Semaphore back = new Semaphore(0);
  private final Thread thread;

  private String until = Schedule.END; // the place where the current turn ends
  private int times;
  private StepEvent event = new StepEvent(StepEvent.Kind.REACHED, "");
  private @Nullable Throwable failure;

  SteppedThread(String name, Runnable body) {
    this.name = name;
    this.body = body;
    this.thread = Thread.ofPlatform().daemon().name("stepped " + name).unstarted(this::run);
  }

  String name() {
    return name;
  }

  /** What ended the thread, if it was an exception. */
  @Nullable Throwable failure() {
    return failure;
  }

  boolean isAlive() {
    return event.kind() != StepEvent.Kind.ENDED;
  }

  /** How its latest turn ended. */
  StepEvent event() {
    return event;
  }

  /**
   * Gives the thread a turn and waits for its end.
   *
   * @throws IllegalStateException if it does not give the turn back: it waits for something that is
   *     no pause point
   */
  StepEvent run(String until, int times) {
    this.until = until;
    this.times = times;
    if (thread.getState() == Thread.State.NEW) {
      thread.start();
    }
    turn.release();
    if (!acquire(back)) {
      IllegalStateException stuck =
          new IllegalStateException(
              "thread " + name + " gave its turn not back in " + Deadline.millis() + " ms");
      stuck.setStackTrace(thread.getStackTrace());
      throw stuck;
    }
    return event;
  }

  private void run() {
    if (!acquire(turn)) {
      return;
    }
    PausePoint.steer(this);
    try {
      body.run();
    } catch (Throwable t) {
      failure = t;
    }
    event = new StepEvent(StepEvent.Kind.ENDED, failure == null ? "" : failure.toString());
    back.release();
  }

  @Override
  public void reached(String point) {
    if (point.equals(until) && --times == 0) {
      pause(new StepEvent(StepEvent.Kind.REACHED, point));
    }
  }

  @Override
  public void blocked(String lock) {
    pause(new StepEvent(StepEvent.Kind.BLOCKED, lock));
  }

  private void pause(StepEvent end) {
    event = end;
    back.release();
    if (!acquire(turn)) {
      throw new IllegalStateException("thread " + name + " was given no turn any more");
    }
  }

  private static boolean acquire(Semaphore semaphore) {
    try {
      return semaphore.tryAcquire(Deadline.millis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
