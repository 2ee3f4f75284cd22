package org.jmmu.soak;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.util.List;
import java.util.SplittableRandom;
import org.jmmu.alloc.Buddy;
import org.jmmu.compact.Kcompactd;
import org.jmmu.hw.Cpu;
import org.jmmu.mm.Mman;
import org.jmmu.sys.Machine;
import org.jmmu.sys.Process;

/** One system call or access, whatever its source of random numbers makes of it. */
final class RandomCall {
  static final long WINDOW = 0x2000_0000_0000L;
  static final int WINDOW_PAGES = 24;
  static final int FILE_PAGES = 24;

  private static final int MAX_PAGES = 6;
  private static final int ACCESS_BYTES = 8;

  private static final int[] PROTS = {
    Mman.PROT_NONE,
    Mman.PROT_READ,
    Mman.PROT_READ | Mman.PROT_WRITE,
    Mman.PROT_READ | Mman.PROT_WRITE,
    Mman.PROT_READ | Mman.PROT_WRITE,
    Mman.PROT_READ | Mman.PROT_EXEC,
    Mman.PROT_READ | Mman.PROT_WRITE | Mman.PROT_EXEC
  };

  private static final int[] ADVICE = {
    Mman.MADV_NORMAL,
    Mman.MADV_RANDOM,
    Mman.MADV_SEQUENTIAL,
    Mman.MADV_WILLNEED,
    Mman.MADV_DONTNEED,
    Mman.MADV_FREE,
    Mman.MADV_REMOVE,
    Mman.MADV_DONTFORK,
    Mman.MADV_DOFORK,
    Mman.MADV_WIPEONFORK,
    Mman.MADV_KEEPONFORK,
    Mman.MADV_DONTDUMP,
    Mman.MADV_DODUMP,
    Mman.MADV_COLD,
    Mman.MADV_PAGEOUT,
    Mman.MADV_PAGEOUT,
    Mman.MADV_MERGEABLE,
    Mman.MADV_MERGEABLE,
    Mman.MADV_UNMERGEABLE,
    Mman.MADV_POPULATE_READ,
    Mman.MADV_POPULATE_WRITE
  };

  private final SplittableRandom random;
  private final Machine machine;
  private final List<Kcompactd> kcompactds;
  private final Population population;
  private final Process process;
  private final Cpu cpu;
  private final int[] fds;

  /**
   * @param random of this call alone
   * @param process that {@code cpu} runs
   * @param fds of the files that all threads map, read and write
   */
  RandomCall(
      SplittableRandom random,
      Machine machine,
      List<Kcompactd> kcompactds,
      Population population,
      Process process,
      Cpu cpu,
      int[] fds) {
    this.random = random;
    this.machine = machine;
    this.kcompactds = kcompactds;
    this.population = population;
    this.process = process;
    this.cpu = cpu;
    this.fds = fds;
  }

  /** Makes the call; throws what it throws. */
  void make() {
    switch (random.nextInt(36)) {
      case 0, 1, 2 -> load();
      case 3, 4, 5, 6, 7, 8 -> store();
      case 12, 13, 14 -> mapAnonymous();
      case 15, 16, 17 -> mapFile();
      case 18, 19 -> process.munmap(vaddr(), length());
      case 20, 21, 22 -> process.mprotect(vaddr(), length(), pick(PROTS));
      case 23, 24 -> mremap();
      case 25, 26 -> process.madvise(vaddr(), length(), pick(ADVICE));
      case 27 -> lockOrUnlock();
      case 28 -> syncOrLook();
      case 29 -> changeFile();
      case 9, 10, 11, 30 -> process.movePage(vaddr());
      case 31 -> fork();
      case 32 -> movePages();
      default -> workOfKernel();
    }
  }

  private void load() {
    long _ = cpu.loadLong(vaddr() + word());
  }

  private void store() {
    // Few pages with the same content would be merged otherwise.
    boolean usual = random.nextBoolean();
    cpu.storeLong(vaddr() + (usual ? 0 : word()), usual ? random.nextInt(2) : random.nextLong());
  }

  private void mapAnonymous() {
    int type = random.nextInt(4) == 0 ? Mman.MAP_SHARED : Mman.MAP_PRIVATE;
    int flags = type | Mman.MAP_ANONYMOUS | Mman.MAP_FIXED | sometimes(Mman.MAP_POPULATE, 8);
    long _ = process.mmap(vaddr(), length(), pick(PROTS), flags);
  }

  private void mapFile() {
    int type = random.nextBoolean() ? Mman.MAP_SHARED : Mman.MAP_PRIVATE;
    int flags = type | Mman.MAP_FIXED | sometimes(Mman.MAP_POPULATE, 8);
    long offset = random.nextInt(FILE_PAGES) * PAGE_SIZE;
    long _ = process.mmap(vaddr(), length(), pick(PROTS), flags, pick(fds), offset);
  }

  private void mremap() {
    int flags = random.nextInt(4); // MAYMOVE, FIXED or both
    long _ = process.mremap(vaddr(), length(), length(), flags, vaddr());
  }

  private void lockOrUnlock() {
    if (random.nextBoolean()) {
      process.mlock2(vaddr(), length(), sometimes(Mman.MLOCK_ONFAULT, 2));
    } else {
      process.munlock(vaddr(), length());
    }
  }

  private void syncOrLook() {
    if (random.nextBoolean()) {
      process.msync(vaddr(), length(), random.nextBoolean() ? Mman.MS_SYNC : Mman.MS_ASYNC);
    } else {
      byte[] _ = process.mincore(vaddr(), length());
    }
  }

  private void changeFile() {
    int fd = pick(fds);
    long offset = random.nextInt(FILE_PAGES) * PAGE_SIZE;
    switch (random.nextInt(4)) {
      case 0 -> process.ftruncate(fd, offset + word());
      case 1 ->
          process.fallocate(
              fd, Mman.FALLOC_FL_PUNCH_HOLE | Mman.FALLOC_FL_KEEP_SIZE, offset, length());
      case 2 -> {
        int _ = process.pread(fd, new byte[100], offset + word());
      }
      default -> {
        int _ = process.pwrite(fd, new byte[100], offset + word());
      }
    }
  }

  private void movePages() {
    long[] pages = new long[1 + random.nextInt(MAX_PAGES)];
    int[] nodes = new int[pages.length];
    for (int i = 0; i < pages.length; i++) {
      pages[i] = vaddr();
      nodes[i] = random.nextInt(Soak.NODES);
    }
    int flags = random.nextBoolean() ? Mman.MPOL_MF_MOVE : Mman.MPOL_MF_MOVE_ALL;
    int _ = process.movePages(pages, nodes, new int[pages.length], flags);
  }

  /** What the kernel does by itself, as if it were short of memory, or idle. */
  private void workOfKernel() {
    switch (random.nextInt(4)) {
      case 0 -> {
        int _ = machine.reclaim(1 + random.nextInt(8));
      }
      case 1 -> {
        int _ = machine.compact();
      }
      case 2 -> {
        int order = random.nextInt(Buddy.MAX_ORDER + 1);
        kcompactds.forEach(kcompactd -> kcompactd.wakeup(order));
      }
      default -> machine.scanKsm();
    }
  }

  /** The child uses what it inherited, while others change the parent; it may live on. */
  private void fork() {
    Process child = process.fork();
    try {
      Cpu _ = child.runOn(cpu);
      for (int i = random.nextInt(8); i > 0; i--) {
        RandomCall call =
            new RandomCall(random.split(), machine, kcompactds, population, child, cpu, fds);
        boolean _ = Outcomes.succeeds(call::accessOrUnmap);
      }
    } finally {
      Cpu _ = process.runOn(cpu);
      if (random.nextBoolean()) {
        population.settle(1 + random.nextInt(Population.PLACES - 1), child);
      } else {
        child.exit();
      }
    }
  }

  private void accessOrUnmap() {
    switch (random.nextInt(8)) {
      case 0 -> process.munmap(vaddr(), length());
      case 1 -> process.mprotect(vaddr(), length(), pick(PROTS));
      case 2, 3, 4 -> load();
      default -> store();
    }
  }

  private long vaddr() {
    return WINDOW + random.nextInt(WINDOW_PAGES) * PAGE_SIZE;
  }

  private long length() {
    return (1 + random.nextInt(MAX_PAGES)) * PAGE_SIZE;
  }

  private long word() {
    return (long) random.nextInt((int) PAGE_SIZE / ACCESS_BYTES) * ACCESS_BYTES;
  }

  private int sometimes(int flag, int oneIn) {
    return random.nextInt(oneIn) == 0 ? flag : 0;
  }

  private int pick(int[] choices) {
    return choices[random.nextInt(choices.length)];
  }
}
