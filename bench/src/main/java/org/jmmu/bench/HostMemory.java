package org.jmmu.bench;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Private anonymous memory of the host kernel, by its own system calls: the peer of the emulated
 * one. The constants are those of Linux on x86-64, so it exists there only.
 */
@SuppressWarnings("restricted") // calls the C library
final class HostMemory {
  private static final int PROT_READ_WRITE = 0x1 | 0x2;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x02 | 0x20;
  private static final int MADV_DONTNEED = 4;
  private static final int MADV_NOHUGEPAGE = 15;
  private static final int MADV_PAGEOUT = 21;
  private static final Path SWAPS = Path.of("/proc/swaps");
  private static final int MREMAP_MAYMOVE_FIXED = 1 | 2;
  private static final long MAP_FAILED = -1;

  private static final MethodHandle MMAP =
      downcall(
          "mmap",
          FunctionDescriptor.of(
              JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
  private static final MethodHandle MUNMAP =
      downcall("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle MADVISE =
      downcall("madvise", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
  private static final MethodHandle MREMAP =
      downcall(
          "mremap",
          FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG),
          Linker.Option.firstVariadicArg(4));
  private static final MethodHandle MEMSET =
      downcall(
          "memset",
          FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG),
          Linker.Option.critical(false)); // no transition: as cheap as a call from C

  private HostMemory() {}

  static boolean isSupported() {
    return System.getProperty("os.name", "").equals("Linux")
        && System.getProperty("os.arch", "").equals("amd64");
  }

  /** Maps {@code bytes} bytes, none of them present, where the kernel likes. */
  static long map(long bytes) {
    if (!isSupported()) {
      throw new UnsupportedOperationException("the host kernel's side needs Linux on x86-64");
    }
    long addr;
    try {
      addr = (long) MMAP.invokeExact(0L, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
    if (addr == MAP_FAILED) {
      throw new OutOfMemoryError("mmap of " + bytes + " bytes");
    }
    return addr;
  }

  static void unmap(long addr, long bytes) {
    int result;
    try {
      result = (int) MUNMAP.invokeExact(addr, bytes);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
    check("munmap", result);
  }

  /** Moves a mapping to {@code newAddr}, over whatever is there. */
  static void move(long addr, long bytes, long newAddr) {
    long result;
    try {
      result = (long) MREMAP.invokeExact(addr, bytes, bytes, MREMAP_MAYMOVE_FIXED, newAddr);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
    check("mremap", result == newAddr ? 0 : -1);
  }

  /** From now on the range faults in 4 KiB at a time, however the host's huge pages are set up. */
  static void forbidHugePages(long addr, long bytes) {
    advise(addr, bytes, MADV_NOHUGEPAGE);
  }

  /** Takes the pages out of the range; the next touch of each faults. */
  static void discard(long addr, long bytes) {
    advise(addr, bytes, MADV_DONTNEED);
  }

  /** Reclaims the pages of the range. */
  static void pageout(long addr, long bytes) {
    advise(addr, bytes, MADV_PAGEOUT);
  }

  /** Whether the host's only swap area is a zram device. */
  static boolean swapsToZram() {
    if (!isSupported()) {
      return false;
    }
    try (Stream<String> lines = Files.lines(SWAPS)) {
      List<String> areas = lines.skip(1).toList(); // the first is a heading
      return areas.size() == 1 && areas.getFirst().startsWith("/dev/zram");
    } catch (IOException e) {
      return false;
    }
  }

  /** The C library's {@code memset} to zero. */
  static void clear(long addr, long bytes) {
    try {
      var _ = (long) MEMSET.invokeExact(addr, 0, bytes);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  private static void advise(long addr, long bytes, int advice) {
    int result;
    try {
      result = (int) MADVISE.invokeExact(addr, bytes, advice);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
    check("madvise", result);
  }

  private static void check(String call, int result) {
    if (result != 0) {
      throw new IllegalStateException(call + " failed");
    }
  }

  private static MethodHandle downcall(
      String name, FunctionDescriptor type, Linker.Option... options) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type, options);
  }
}
