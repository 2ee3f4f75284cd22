package org.jmmu.lock;

import java.lang.StackWalker.StackFrame;
import java.util.Set;
import org.jmmu.phys.PhysMemory;
import org.jspecify.annotations.Nullable;

/**
 * A lock that a thread holds, as the checker records it.
 *
 * @param owner the object the lock belongs to, null for an off-heap word
 * @param number the frame number in {@code owner}, or the address of the word
 * @param site where it was taken
 */
public record HeldLock(
    LockClass cls, int subclass, @Nullable Object owner, long number, StackFrame site) {
  private static final Set<String> LOCK_CODE =
      Set.of(
          HeldLock.class.getName(),
          LockOrderChecker.class.getName(),
          SpinLock.class.getName(),
          PageLock.class.getName(),
          PageWaitQueue.class.getName(),
          RwSem.class.getName(),
          VmaLock.class.getName());

  /** The innermost frame that is not the lock's own code. */
  static StackFrame callSite() {
    return StackWalker.getInstance()
        .walk(frames -> frames.filter(HeldLock::isCaller).findFirst())
        .orElseThrow();
  }

  private static boolean isCaller(StackFrame frame) {
    return !LOCK_CODE.contains(frame.getClassName());
  }

  @SuppressWarnings("ReferenceEquality") // the same lock, not an equal one
  boolean is(LockClass cls, @Nullable Object owner, long number) {
    return this.cls == cls && this.owner == owner && this.number == number;
  }

  /** Class and instance. */
  public String name() {
    return name(cls, owner, number);
  }

  static String name(LockClass cls, @Nullable Object owner, long number) {
    return switch (owner) {
      case null -> SpinLock.name(cls, number);
      case PhysMemory phys -> PageLock.name(number);
      default -> cls + "@" + Integer.toHexString(System.identityHashCode(owner));
    };
  }

  @Override
  public String toString() {
    return name() + (subclass == 0 ? "" : " subclass " + subclass) + " taken at " + site;
  }
}
