package org.jmmu.phys;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Cleaner;

/**
 * Zeroed native memory whose untouched pages cost nothing.
 *
 * <p>The C library's {@code calloc} takes large blocks straight from the kernel, which hands out
 * zero pages on first touch; {@code Arena.allocate} would write every byte. Blocks are freed when
 * their owner becomes unreachable, because closing a shared arena costs a handshake with every
 * thread.
 */
@SuppressWarnings("restricted") // calls the C library
public final class NativeMemory {
  private static final Cleaner CLEANER = Cleaner.create();
  private static final MethodHandle CALLOC =
      downcall("calloc", FunctionDescriptor.of(ADDRESS, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle FREE = downcall("free", FunctionDescriptor.ofVoid(ADDRESS));
  private static final MethodHandle MEMSET =
      downcall(
          "memset",
          FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG),
          Linker.Option.critical(false)); // no transition: as cheap as a call from C

  private NativeMemory() {}

  /**
   * Allocates zeroed memory that lives as long as {@code owner} is reachable.
   *
   * @param align power of two
   * @return native address, a multiple of {@code align}
   * @throws OutOfMemoryError if the host has no such block
   */
  public static long allocateZeroed(Object owner, long bytes, long align) {
    MemorySegment block;
    try {
      block = (MemorySegment) CALLOC.invokeExact(1L, bytes + align);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
    if (block.address() == 0) {
      throw new OutOfMemoryError("cannot reserve " + bytes + " bytes of native memory");
    }
    CLEANER.register(owner, () -> free(block));
    return (block.address() + align - 1) & -align;
  }

  /** Fills with zeroes. */
  static void clear(long addr, long bytes) {
    try {
      long _ = (long) MEMSET.invokeExact(addr, 0, bytes);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  private static void free(MemorySegment block) {
    try {
      FREE.invokeExact(block);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  private static MethodHandle downcall(
      String name, FunctionDescriptor type, Linker.Option... options) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type, options);
  }
}
