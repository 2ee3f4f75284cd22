package org.jmmu.lock;

import java.util.concurrent.locks.LockSupport;

/**
 * One thread waits until another one says that something has happened. Nothing is lost if that
 * comes first.
 *
 * @kernel include/linux/completion.h:struct completion
 */
public final class Completion {
  private final String name;
  private final Thread waiter = Thread.currentThread();
  private volatile boolean done;

  /** For the calling thread to wait on. */
  public Completion(String name) {
    this.name = name;
  }

  /**
   * @throws org.jmmu.sched.DeadlockException if nobody calls {@link #complete} in time
   */
  public void await() {
    if (done) {
      return;
    }
    LockWait wait = LockWait.begin(name, this);
    try {
      while (!done) {
        wait.park();
      }
    } finally {
      wait.end();
    }
  }

  public void complete() {
    done = true;
    LockSupport.unpark(waiter);
  }

  @Override
  public String toString() {
    return name;
  }
}
