package org.jmmu.differential;

import static org.jmmu.hugetlb.HugePages.HPAGE_SIZE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.util.List;
import java.util.SplittableRandom;
import org.jmmu.mm.Mman;

/** Draws calls about huge pages, and some about small ones among them. */
final class HugeCalls {
  /** As in peer.c: what is compared of a file. */
  static final int MAX_FILE_PAGES = 12;

  private static final int NO_FILE = -1;
  private static final int MAX_ZONE_PAGES = 30; // the window has room for them
  private static final int MAX_RANGE_PAGES = 6;
  private static final long[] OFFSETS_IN_PAGE = {0, 8, 4096, HPAGE_SIZE - 8};

  private static final int PUNCH = Mman.FALLOC_FL_PUNCH_HOLE | Mman.FALLOC_FL_KEEP_SIZE;
  private static final int[] MODES = {
    PUNCH, PUNCH, PUNCH, PUNCH, 0, 0, Mman.FALLOC_FL_KEEP_SIZE, Mman.FALLOC_FL_ZERO_RANGE,
  };

  private static final int[] ADVICE = {
    Mman.MADV_DONTNEED,
    Mman.MADV_DONTNEED,
    Mman.MADV_DONTNEED,
    Mman.MADV_DONTNEED_LOCKED,
    Mman.MADV_POPULATE_READ,
    Mman.MADV_POPULATE_WRITE,
    Mman.MADV_POPULATE_WRITE,
    Mman.MADV_REMOVE,
    Mman.MADV_DONTFORK,
    Mman.MADV_DOFORK,
    Mman.MADV_WIPEONFORK,
    Mman.MADV_KEEPONFORK,
    Mman.MADV_FREE,
    Mman.MADV_COLD,
    Mman.MADV_WILLNEED,
    Mman.MADV_MERGEABLE,
    Mman.MADV_HUGEPAGE,
    Mman.MADV_NOHUGEPAGE,
    Mman.MADV_RANDOM,
    Mman.MADV_DODUMP,
  };

  private final SplittableRandom random;
  private final Zone zone; // decides what is to be odd
  private final int nrPages;
  private final int maxRange;
  private final int rwPercent;
  private final int smallPercent;
  private final int noReservePercent;

  HugeCalls(SplittableRandom random, Zone zone) {
    this.random = random;
    this.zone = zone;
    nrPages = random.nextInt(4, MAX_ZONE_PAGES + 1);
    maxRange = 1 + random.nextInt(MAX_RANGE_PAGES);
    rwPercent = 50 + random.nextInt(50);
    smallPercent = random.nextBoolean() ? 0 : 10;
    noReservePercent = random.nextInt(60);
  }

  /**
   * A process that had reserved a page, and cannot have another one to copy it to, faults for ever
   * on Linux 6.18 if a child maps the page elsewhere: it is taken away from the child's address
   * that is the parent's. So nothing moves where there are children.
   */
  void addSources(List<CallGenerator.Source> sources, boolean forks) {
    add(sources, 6, this::mmap);
    add(sources, 2, this::munmap);
    add(sources, 2, this::mprotect);
    add(sources, forks ? 0 : 2, this::mremap);
    add(sources, 4, this::madvise);
    add(sources, 1, this::lockOrLook);
    add(sources, 3, this::ftruncate);
    add(sources, 4, this::fallocate);
    add(sources, 1, this::readOrWrite);
  }

  private void add(List<CallGenerator.Source> sources, int share, CallGenerator.Source source) {
    int drawn = random.nextInt(4) == 0 ? 3 * share : share;
    for (int i = 0; i < drawn; i++) {
      sources.add(source);
    }
  }

  long accessAddress() {
    return pageAddress() + OFFSETS_IN_PAGE[random.nextInt(OFFSETS_IN_PAGE.length)];
  }

  private Call mmap(int who) {
    long vaddr = address();
    long prot = prot();
    int placement = percent(5) ? Mman.MAP_FIXED_NOREPLACE : percent(5) ? 0 : Mman.MAP_FIXED;
    int flags = placement | (percent(55) ? Mman.MAP_PRIVATE : Mman.MAP_SHARED);
    flags |= percent(noReservePercent) ? Mman.MAP_NORESERVE : 0;
    flags |= percent(10) ? Mman.MAP_POPULATE : 0;
    flags |= percent(2) ? Mman.MAP_LOCKED : 0;
    if (percent(smallPercent)) {
      flags |= Mman.MAP_ANONYMOUS;
      long length = (1 + random.nextInt(3)) * PAGE_SIZE;
      return new Call(who, Op.MMAP, smallAddress(vaddr), length, prot, flags, NO_FILE, 0);
    }
    if (percent(50)) {
      flags |= Mman.MAP_ANONYMOUS | Mman.MAP_HUGETLB;
      return new Call(who, Op.MMAP, vaddr, length(vaddr), prot, flags, NO_FILE, 0);
    }
    return new Call(who, Op.MMAP, vaddr, length(vaddr), prot, flags, file(), filePage());
  }

  private Call munmap(int who) {
    long vaddr = address();
    return new Call(who, Op.MUNMAP, vaddr, length(vaddr));
  }

  private Call mprotect(int who) {
    long vaddr = address();
    return new Call(who, Op.MPROTECT, vaddr, length(vaddr), prot());
  }

  private Call mremap(int who) {
    long vaddr = address();
    long oldLength = percent(5) ? 0 : length(vaddr);
    long newLength = percent(50) ? oldLength : length(vaddr);
    int flags = percent(85) ? Mman.MREMAP_MAYMOVE : 0;
    flags |= flags != 0 && percent(85) ? Mman.MREMAP_FIXED : 0;
    flags |= flags != 0 && percent(10) ? Mman.MREMAP_DONTUNMAP : 0;
    return new Call(who, Op.MREMAP, vaddr, oldLength, newLength, flags, address());
  }

  private Call madvise(int who) {
    long vaddr = address();
    return new Call(who, Op.MADVISE, vaddr, length(vaddr), ADVICE[random.nextInt(ADVICE.length)]);
  }

  private Call lockOrLook(int who) {
    long vaddr = address();
    return switch (random.nextInt(4)) {
      case 0 -> new Call(who, Op.MLOCK, vaddr, length(vaddr));
      case 1 -> new Call(who, Op.MUNLOCK, vaddr, length(vaddr));
      case 2 -> new Call(who, Op.MSYNC, vaddr, length(vaddr), random.nextInt(9));
      default -> new Call(who, Op.MINCORE, vaddr, length(vaddr));
    };
  }

  private Call ftruncate(int who) {
    return new Call(who, Op.FTRUNCATE, file(), filePage());
  }

  private Call fallocate(int who) {
    long offset = filePage();
    long length = percent(80) ? (1 + random.nextInt(4)) * HPAGE_SIZE : 1 + random.nextInt(1 << 23);
    long fitting = Math.max(1, Math.min(length, MAX_FILE_PAGES * HPAGE_SIZE - offset));
    return new Call(
        who, Op.FALLOCATE, file(), MODES[random.nextInt(MODES.length)], offset, fitting);
  }

  private Call readOrWrite(int who) {
    long offset = filePage();
    long length = random.nextInt(3) * PAGE_SIZE + random.nextInt(64);
    return percent(80)
        ? new Call(who, Op.PREAD, file(), offset, length)
        : new Call(who, Op.PWRITE, file(), offset, length, random.nextInt(256));
  }

  private int file() {
    return FileCalls.FIRST_HUGE + random.nextInt(FileCalls.NR_HUGE);
  }

  /** Of a huge page within a file; sometimes between them. */
  private long filePage() {
    long page = random.nextInt(MAX_FILE_PAGES) * HPAGE_SIZE;
    return percent(8) ? page + random.nextInt(512) * PAGE_SIZE : page;
  }

  private long address() {
    return zone.isOdd() ? smallAddress(pageAddress()) : pageAddress();
  }

  private long smallAddress(long vaddr) {
    return vaddr + random.nextInt(512) * PAGE_SIZE;
  }

  private long length(long vaddr) {
    if (zone.isOdd()) {
      return random.nextInt(3) * HPAGE_SIZE + random.nextInt(1024) * (PAGE_SIZE / 2);
    }
    long left = (Window.HUGE_START + nrPages * HPAGE_SIZE - vaddr) / HPAGE_SIZE;
    return Math.max(1, Math.min(1 + random.nextInt(maxRange), left)) * HPAGE_SIZE;
  }

  private long pageAddress() {
    return Window.HUGE_START + random.nextInt(nrPages) * HPAGE_SIZE;
  }

  private long prot() {
    return percent(rwPercent) ? Mman.PROT_READ | Mman.PROT_WRITE : random.nextInt(4);
  }

  private boolean percent(int chance) {
    return random.nextInt(100) < chance;
  }
}
