package org.jmmu.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Ties threads to CPUs of the host. Left alone, its scheduler may run two threads in turns on one
 * CPU, and whatever they do together seems to take exactly twice as long.
 */
@SuppressWarnings("restricted") // calls the C library
final class HostThread {
  private HostThread() {}

  /**
   * Lets the calling thread run on one CPU only.
   *
   * @throws IllegalStateException if the host has no such CPU
   */
  static void pin(int cpu) {
    Linker linker = Linker.nativeLinker();
    MethodHandle schedSetaffinity =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("sched_setaffinity"),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS));
    int result;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = arena.allocateFrom(JAVA_LONG, 1L << cpu);
      result = (int) schedSetaffinity.invokeExact(0, mask.byteSize(), mask);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
    if (result != 0) {
      throw new IllegalStateException("skipped: no thread can be pinned to CPU " + cpu);
    }
  }
}
