package org.jmmu.hw;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The expensive half of an asymmetric fence: membarrier(2) makes every CPU that runs a thread of
 * this process execute a full fence, so that the cheap half can be a compiler barrier.
 *
 * <p>Where the host has no such call, or the system property {@code jmmu.hw.membarrier} is {@code
 * false}, {@link #AVAILABLE} is false and the cheap half must be a full fence itself.
 */
@SuppressWarnings("restricted") // calls the C library
final class Membarrier {
  /** System property; {@code false} makes the fallback testable on any host. */
  static final String PROPERTY = "jmmu.hw.membarrier";

  private static final int PRIVATE_EXPEDITED = 1 << 3;
  private static final int REGISTER_PRIVATE_EXPEDITED = 1 << 4;

  private static final @Nullable MethodHandle SYSCALL = link();
  private static final long NUMBER = number();

  /** A constant to the JIT: the branch it decides is not there. */
  static final boolean AVAILABLE = register();

  private Membarrier() {}

  /** Returns after every thread of this process that was running has passed a full fence. */
  static void barrier() {
    if (AVAILABLE) {
      long result = call(PRIVATE_EXPEDITED);
      if (result != 0) {
        throw new IllegalStateException("membarrier returned " + result);
      }
    }
  }

  private static boolean register() {
    return !System.getProperty(PROPERTY, "true").equals("false")
        && NUMBER >= 0
        && call(REGISTER_PRIVATE_EXPEDITED) == 0;
  }

  /** System call number, or -1 where there is none. */
  private static long number() {
    if (!System.getProperty("os.name", "").toLowerCase(Locale.ROOT).equals("linux")) {
      return -1;
    }
    return switch (System.getProperty("os.arch", "")) {
      case "amd64", "x86_64" -> 324;
      case "aarch64", "riscv64" -> 283;
      default -> -1;
    };
  }

  private static @Nullable MethodHandle link() {
    Linker linker = Linker.nativeLinker();
    FunctionDescriptor type =
        FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT);
    MemorySegment function = linker.defaultLookup().find("syscall").orElse(null);
    return function == null
        ? null
        : linker.downcallHandle(function, type, Linker.Option.firstVariadicArg(1));
  }

  private static long call(int command) {
    MethodHandle syscall = SYSCALL;
    if (syscall == null) {
      return -1;
    }
    try {
      return (long) syscall.invokeExact(NUMBER, command, 0, 0);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }
}
