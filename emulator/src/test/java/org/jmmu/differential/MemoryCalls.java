package org.jmmu.differential;

import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.jmmu.mm.Mman;

/** Draws calls about the memory behind mappings. */
final class MemoryCalls {
  private static final int[] FLAG_ADVICE = {
    Mman.MADV_NORMAL,
    Mman.MADV_RANDOM,
    Mman.MADV_SEQUENTIAL,
    Mman.MADV_DONTFORK,
    Mman.MADV_DOFORK,
    Mman.MADV_DONTDUMP,
    Mman.MADV_DODUMP,
    Mman.MADV_WIPEONFORK,
    Mman.MADV_KEEPONFORK,
    Mman.MADV_MERGEABLE,
    Mman.MADV_UNMERGEABLE,
    Mman.MADV_HUGEPAGE,
    Mman.MADV_NOHUGEPAGE,
  };

  private static final int[] PAGE_ADVICE = {
    Mman.MADV_WILLNEED,
    Mman.MADV_DONTNEED,
    Mman.MADV_DONTNEED,
    Mman.MADV_DONTNEED_LOCKED,
    Mman.MADV_FREE,
    Mman.MADV_COLD,
    Mman.MADV_POPULATE_READ,
    Mman.MADV_POPULATE_WRITE,
    Mman.MADV_COLLAPSE,
  };

  /** Numbers that mean nothing. Others beyond the list poison the memory of the host. */
  private static final int[] NO_ADVICE = {5, 6, 7, 26, -1};

  private static final int[] NO_MLOCKALL = {0, Mman.MCL_ONFAULT, 8};

  private final SplittableRandom random;
  private final Zone zone;
  private final int[] advice;

  MemoryCalls(SplittableRandom random, Zone zone, Set<Feature> features) {
    this.random = random;
    this.zone = zone;
    IntStream flags =
        IntStream.of(features.contains(Feature.MADVISE_FLAGS) ? FLAG_ADVICE : new int[0]);
    IntStream pages =
        IntStream.of(features.contains(Feature.MADVISE_PAGES) ? PAGE_ADVICE : new int[0]);
    IntStream remove =
        IntStream.of(
            features.contains(Feature.MADVISE_REMOVE) ? new int[] {Mman.MADV_REMOVE} : new int[0]);
    advice = IntStream.concat(IntStream.concat(flags, pages), remove).toArray();
  }

  boolean hasAdvice() {
    return advice.length > 0;
  }

  Call madvise(int who) {
    long vaddr = zone.address();
    int[] list = zone.isOdd() ? NO_ADVICE : advice;
    long length = zone.length(vaddr);
    return new Call(who, Op.MADVISE, vaddr, length, list[random.nextInt(list.length)]);
  }

  Call mlock(int who) {
    long vaddr = zone.address();
    long length = zone.length(vaddr);
    return switch (random.nextInt(4)) {
      case 0 -> new Call(who, Op.MLOCK, vaddr, length);
      case 1 -> new Call(who, Op.MLOCK2, vaddr, length, random.nextInt(zone.isOdd() ? 4 : 2));
      default -> new Call(who, Op.MUNLOCK, vaddr, length);
    };
  }

  /** What is mapped already differs between the sides. */
  Call mlockall(int who) {
    if (random.nextBoolean()) {
      return new Call(who, Op.MUNLOCKALL);
    }
    int flags = random.nextBoolean() ? Mman.MCL_FUTURE : Mman.MCL_FUTURE | Mman.MCL_ONFAULT;
    return new Call(who, Op.MLOCKALL, zone.isOdd() ? NO_MLOCKALL[random.nextInt(3)] : flags);
  }

  Call msync(int who) {
    long vaddr = zone.address();
    return new Call(who, Op.MSYNC, vaddr, zone.length(vaddr), random.nextInt(9));
  }

  Call mincore(int who) {
    long vaddr = zone.address();
    return new Call(who, Op.MINCORE, vaddr, zone.length(vaddr));
  }
}
