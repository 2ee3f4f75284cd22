package org.jmmu.lock;

import static java.util.stream.Collectors.joining;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Finds locks taken against the {@link LockOrder}, without a deadlock having to happen, and knows
 * who holds what. On with {@code -Djmmu.lockdep=true}; otherwise every call to it is behind a
 * {@code static final} that is false, and the JIT deletes it.
 *
 * @kernel kernel/locking/lockdep.c:lock_acquire
 */
public final class LockOrderChecker {
  /** System property that turns the checker on. */
  public static final String PROPERTY = "jmmu.lockdep";

  static final boolean ENABLED = Boolean.getBoolean(PROPERTY);

  private static final HeldLock[] NONE = {};
  private static final Map<Thread, Held> THREADS = new ConcurrentHashMap<>();
  private static final ThreadLocal<Held> HELD = ThreadLocal.withInitial(Held::register);

  private LockOrderChecker() {}

  /** The written order; parsed when the first lock is taken. */
  private static final class Written {
    static final LockOrderTree ORDER = LockOrderTree.parse(text());

    static String text() {
      LockOrder order = LockOrder.class.getPackage().getAnnotation(LockOrder.class);
      if (order == null) {
        throw new IllegalStateException("package org.jmmu.lock has no @LockOrder");
      }
      return order.value();
    }
  }

  /** What one thread holds. Written by that thread, read by whoever reports a deadlock. */
  private static final class Held {
    volatile HeldLock[] locks = NONE; // oldest first; never changed in place

    static Held register() {
      THREADS.entrySet().removeIf(e -> !e.getKey().isAlive() && e.getValue().locks.length == 0);
      Held held = new Held();
      THREADS.put(Thread.currentThread(), held);
      return held;
    }
  }

  // What the locks call.

  /** The calling thread is about to take a lock, and may have to wait for it. */
  static void willLock(LockClass cls, int subclass, @Nullable Object owner, long number) {
    for (HeldLock held : HELD.get().locks) {
      String wrong = wrong(held, cls, subclass, owner, number);
      if (wrong != null) {
        throw new LockOrderException(
            "%s, taken at %s, while %s: %s"
                .formatted(HeldLock.name(cls, owner, number), HeldLock.callSite(), held, wrong));
      }
    }
  }

  private static @Nullable String wrong(
      HeldLock held, LockClass cls, int subclass, @Nullable Object owner, long number) {
    if (held.is(cls, owner, number)) {
      return "it is the same lock";
    }
    if (held.cls() != cls) {
      return Written.ORDER.allows(held.cls(), cls)
          ? null
          : cls + " does not stand below " + held.cls() + " in the lock order";
    }
    return subclass > held.subclass()
        ? null
        : "a second lock of a class needs the nested form with a higher subclass";
  }

  /** The calling thread has taken a lock. */
  static void locked(LockClass cls, int subclass, @Nullable Object owner, long number) {
    Held held = HELD.get();
    HeldLock[] locks = Arrays.copyOf(held.locks, held.locks.length + 1);
    locks[locks.length - 1] = new HeldLock(cls, subclass, owner, number, HeldLock.callSite());
    held.locks = locks;
  }

  /** The calling thread has released a lock, or is about to and nothing can stop it. */
  static void unlocked(LockClass cls, @Nullable Object owner, long number) {
    Held held = HELD.get();
    HeldLock[] locks = held.locks;
    for (int i = locks.length - 1; i >= 0; i--) {
      if (locks[i].is(cls, owner, number)) {
        HeldLock[] rest = Arrays.copyOf(locks, locks.length - 1);
        System.arraycopy(locks, i + 1, rest, i, locks.length - 1 - i);
        held.locks = rest;
        return;
      }
    }
    throw new IllegalStateException(
        "%s released by %s, which does not hold it"
            .formatted(HeldLock.name(cls, owner, number), Thread.currentThread().getName()));
  }

  // What others may ask.

  public static boolean isEnabled() {
    return ENABLED;
  }

  /** The locks that the calling thread holds, oldest first; empty if the checker is off. */
  public static List<HeldLock> heldByCurrentThread() {
    return ENABLED ? List.of(HELD.get().locks) : List.of();
  }

  /**
   * Does nothing if the checker is off.
   *
   * @throws IllegalStateException if the calling thread holds a lock or is in an RCU read section
   */
  public static void assertNoneHeld() {
    if (ENABLED) {
      if (!heldByCurrentThread().isEmpty()) {
        throw new IllegalStateException("still held: " + heldByCurrentThread());
      }
      if (Rcu.isReadLocked()) {
        throw new IllegalStateException("still in an RCU read section");
      }
    }
  }

  /** The classes of the locks that each thread holds, in words; nothing while this is off. */
  public static Map<String, String> holders() {
    Map<String, String> holders = new TreeMap<>();
    THREADS.forEach(
        (thread, held) -> {
          HeldLock[] locks = held.locks;
          if (locks.length != 0) {
            String classes =
                Arrays.stream(locks).map(lock -> lock.cls().name()).collect(joining(", "));
            holders.put(thread.getName(), classes);
          }
        });
    return holders;
  }

  /** Who holds what, one line per lock; for the message of a deadlock. */
  static String whoHoldsWhat() {
    if (!ENABLED) {
      return "  (-D" + PROPERTY + "=true shows who holds what)\n";
    }
    StringBuilder text = new StringBuilder();
    THREADS.forEach(
        (thread, held) -> {
          for (HeldLock lock : held.locks) {
            text.append("  ").append(thread.getName()).append(" holds ").append(lock).append('\n');
          }
        });
    return text.toString();
  }
}
