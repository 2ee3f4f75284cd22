package org.jmmu.alloc;

import org.jmmu.lock.LockClass;
import org.jmmu.lock.SpinLock;
import org.jmmu.phys.PhysMemory;

/**
 * Stacks of single free frames, so that threads that allocate at the same time do not meet at the
 * zone lock. A stack belongs to a thread as a per-CPU list belongs to a CPU: mostly; two threads
 * may share one, and anybody may empty it.
 *
 * <p>Frames move between a stack and the zone in batches. A zone too small to have frames lie about
 * has no stacks.
 *
 * @kernel mm/page_alloc.c:rmqueue_pcplist, free_unref_page, drain_all_pages
 */
final class PerCpuPages {
  private static final int STACKS = 16; // a power of two
  private static final int BATCH = 64;
  private static final int HIGH = 8 * BATCH;
  private static final int MIN_FRAMES = 2 * STACKS * BATCH;

  private final PhysMemory phys;
  private final Buddy buddy;
  private final int nid;
  private final boolean enabled;

  PerCpuPages(PhysMemory phys, Buddy buddy, int nid, long nrFrames) {
    this.phys = phys;
    this.buddy = buddy;
    this.nid = nid;
    this.enabled = nrFrames >= MIN_FRAMES;
  }

  boolean isEnabled() {
    return enabled;
  }

  /** A frame, or {@link Buddy#NO_FRAME} if the zone has none; other stacks may have some still. */
  long take() {
    long stack = stackOfThisThread();
    SpinLock.lock(stack, LockClass.PCP_LOCK);
    long pfn = FrameStack.pop(phys, stack);
    if (pfn == Buddy.NO_FRAME) {
      buddy.moveTo(stack, BATCH);
      pfn = FrameStack.pop(phys, stack);
    }
    SpinLock.unlock(stack, LockClass.PCP_LOCK);
    return pfn;
  }

  void give(long pfn) {
    long stack = stackOfThisThread();
    SpinLock.lock(stack, LockClass.PCP_LOCK);
    FrameStack.push(phys, stack, pfn);
    trimLocked(stack);
    SpinLock.unlock(stack, LockClass.PCP_LOCK);
  }

  void giveAll(long[] pfns, int from, int to) {
    long stack = stackOfThisThread();
    SpinLock.lock(stack, LockClass.PCP_LOCK);
    for (int i = from; i < to; i++) {
      FrameStack.push(phys, stack, pfns[i]);
    }
    trimLocked(stack);
    SpinLock.unlock(stack, LockClass.PCP_LOCK);
  }

  /** Gives the frames of all stacks back to the zone. */
  void drainAll() {
    for (int i = 0; enabled && i < STACKS; i++) {
      long stack = stack(i);
      SpinLock.lock(stack, LockClass.PCP_LOCK);
      buddy.moveFrom(stack, FrameStack.size(stack));
      SpinLock.unlock(stack, LockClass.PCP_LOCK);
    }
  }

  boolean isLocked() {
    boolean locked = false;
    for (int i = 0; enabled && i < STACKS; i++) {
      locked |= SpinLock.isLocked(stack(i));
    }
    return locked;
  }

  /** Frames on the stacks. Exact only while nobody allocates or frees. */
  long nrFree() {
    long nr = 0;
    for (int i = 0; enabled && i < STACKS; i++) {
      nr += FrameStack.size(stack(i));
    }
    return nr;
  }

  /** Forgets the frames. */
  void reset() {
    for (int i = 0; enabled && i < STACKS; i++) {
      FrameStack.clear(stack(i));
    }
  }

  private void trimLocked(long stack) {
    int size = FrameStack.size(stack);
    if (size > HIGH) {
      buddy.moveFrom(stack, size - HIGH + BATCH);
    }
  }

  private long stackOfThisThread() {
    return stack(stackOf(Thread.currentThread()));
  }

  static int stackOf(Thread thread) {
    return (int) thread.threadId() & (STACKS - 1);
  }

  private long stack(int i) {
    return phys.allocatorLineAddr(nid, 1 + i);
  }
}
