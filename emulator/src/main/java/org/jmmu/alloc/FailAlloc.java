package org.jmmu.alloc;

import java.util.ArrayList;
import java.util.List;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;

/**
 * Lets an allocation of one machine fail, so that what comes after a failure can be tried at every
 * place where Linux allocates. Frames are such places, and so are the objects that the kernel takes
 * from its caches: they are named as there, although Java objects stand for them here.
 *
 * <p>On with {@code -Djmmu.failalloc=true}; otherwise the JIT deletes it. It counts what all
 * threads of the machine allocate.
 *
 * @kernel lib/fault-inject.c:should_fail, mm/failslab.c, /proc/PID/fail-nth
 */
public final class FailAlloc {
  /** System property that makes failures possible. */
  public static final String PROPERTY = "jmmu.failalloc";

  static final boolean ENABLED = Boolean.getBoolean(PROPERTY);

  private final List<String> points = new ArrayList<>(); // reached since failNth; guarded by this
  private int nth; // guarded by this
  private volatile boolean armed;

  public static boolean isEnabled() {
    return ENABLED;
  }

  /**
   * The {@code nth} allocation from now, counted from 1, fails; none does if it is 0.
   *
   * @throws IllegalStateException if the property does not say so
   */
  public synchronized void failNth(int nth) {
    if (!ENABLED) {
      throw new IllegalStateException("-D" + PROPERTY + "=true lets allocations fail");
    }
    points.clear();
    this.nth = nth;
    armed = true;
  }

  /**
   * No allocation fails from now on.
   *
   * @return what was to be allocated since {@link #failNth}, in that order
   */
  public synchronized List<String> disarm() {
    armed = false;
    List<String> reached = List.copyOf(points);
    points.clear();
    return reached;
  }

  /**
   * To be asked before something is allocated.
   *
   * @param name what the kernel calls it
   */
  public boolean shouldFail(String name) {
    return ENABLED && armed && count(name);
  }

  /**
   * As {@link #shouldFail}.
   *
   * @throws ErrnoException ENOMEM
   */
  public void check(String name) {
    if (shouldFail(name)) {
      throw new ErrnoException(Errno.ENOMEM, "no memory for a " + name);
    }
  }

  private synchronized boolean count(String name) {
    points.add(name);
    return points.size() == nth;
  }
}
