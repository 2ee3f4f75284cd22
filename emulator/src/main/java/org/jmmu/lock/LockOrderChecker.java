package org.jmmu.lock;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.stream.Collectors;

/**
 * Checks every acquisition against the written {@link LockOrder}, by class as lockdep does: an
 * inversion is found when it is possible, not only when it strikes.
 *
 * <p>On with the system property {@code jmmu.lockdep=true}, in tests. Off, every call is a branch
 * on a {@code static final} that is false, which the JIT deletes.
 */
public final class LockOrderChecker {
  /** Whether acquisitions are checked in this JVM. */
  public static final boolean ON = Boolean.getBoolean("jmmu.lockdep");

  private static final LockTree ORDER = new LockTree(orderText());
  private static final Map<Thread, List<Held>> ALL =
      Collections.synchronizedMap(new WeakHashMap<>());
  private static final ThreadLocal<List<Held>> HELD =
      ThreadLocal.withInitial(LockOrderChecker::register);

  private record Held(LockClass lockClass, Object lock, int subclass, Throwable where) {}

  private LockOrderChecker() {}

  /** The text of the lock order. */
  public static String orderText() {
    LockOrder order = LockOrderChecker.class.getPackage().getAnnotation(LockOrder.class);
    if (order == null) {
      throw new IllegalStateException("package org.jmmu.lock has no @LockOrder");
    }
    return order.value();
  }

  /** Locks that the calling thread holds, outermost first; empty when the checker is off. */
  public static List<LockClass> heldByCurrentThread() {
    return ON ? HELD.get().stream().map(Held::lockClass).toList() : List.of();
  }

  /**
   * Before the calling thread waits for a lock.
   *
   * @param subclass 0, or more for one that is nested in others of its class
   * @throws LockOrderException if a lock that it holds must not be outside of this one
   */
  static void acquire(LockClass lockClass, Object lock, int subclass) {
    for (Held held : HELD.get()) {
      boolean allowed =
          held.lockClass == lockClass
              ? held.subclass < subclass && !held.lock.equals(lock)
              : ORDER.allows(held.lockClass, lockClass);
      if (!allowed) {
        throw new LockOrderException(
            lockClass + " taken while " + held.lockClass + " is held", held.where);
      }
    }
    acquired(lockClass, lock, subclass);
  }

  /** The calling thread got a lock without having to wait: any order is right. */
  static void acquired(LockClass lockClass, Object lock, int subclass) {
    HELD.get().add(new Held(lockClass, lock, subclass, new Throwable(lockClass + " taken here")));
  }

  /**
   * @throws IllegalStateException if the calling thread does not hold the lock
   */
  static void release(LockClass lockClass, Object lock) {
    List<Held> held = HELD.get();
    for (int i = held.size() - 1; i >= 0; i--) {
      if (held.get(i).lockClass == lockClass && held.get(i).lock.equals(lock)) {
        held.remove(i);
        return;
      }
    }
    throw new IllegalStateException(lockClass + " released by a thread that does not hold it");
  }

  /** Who holds what, for messages; empty when the checker is off. */
  static String describeAll() {
    if (!ON) {
      return "";
    }
    synchronized (ALL) {
      return ALL.entrySet().stream()
          .filter(entry -> !entry.getValue().isEmpty())
          .map(entry -> "\n  " + entry.getKey().getName() + " holds " + classes(entry.getValue()))
          .collect(Collectors.joining());
    }
  }

  private static List<LockClass> classes(List<Held> held) {
    synchronized (held) {
      return held.stream().map(Held::lockClass).toList();
    }
  }

  private static List<Held> register() {
    List<Held> held = Collections.synchronizedList(new ArrayList<>());
    ALL.put(Thread.currentThread(), held);
    return held;
  }
}
