package org.jmmu.sys;

import static org.jmmu.mm.Mman.MADV_DONTNEED;
import static org.jmmu.mm.Mman.MADV_MERGEABLE;
import static org.jmmu.mm.Mman.MADV_UNMERGEABLE;
import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.MREMAP_FIXED;
import static org.jmmu.mm.Mman.MREMAP_MAYMOVE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.jmmu.sys.ForkTree.PAGES;
import static org.jmmu.sys.ForkTree.RW;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Random;
import org.jmmu.hw.Cpu;
import org.jmmu.sys.ForkTree.Member;

/**
 * One thread that uses some processes of a fork tree whose private pages may be merged. It writes
 * few different values, so that pages are equal often, and looks whether each process has its own.
 */
final class KsmTreeUser implements Runnable {
  private static final int VALUES = 4;
  private static final long SPARE = ForkTree.address(2 * PAGES); // where pages go and come from

  private final ForkTree tree;
  private final Cpu cpu;
  private final List<Member> mine;
  private final Random random;
  private final int nrSteps;

  KsmTreeUser(ForkTree tree, Cpu cpu, List<Member> mine, long seed, int nrSteps) {
    this.tree = tree;
    this.cpu = cpu;
    this.mine = mine;
    this.random = new Random(seed);
    this.nrSteps = nrSteps;
  }

  @Override
  public void run() {
    for (int step = 1; step <= nrSteps; step++) {
      Member member = mine.get(random.nextInt(mine.size()));
      tree.steps.readLock().lock();
      try {
        member.process.runOn(cpu);
        step(member, random.nextInt(PAGES), step);
        member.process.leave(cpu);
      } finally {
        tree.steps.readLock().unlock();
      }
    }
  }

  private void step(Member member, int page, int step) {
    Process process = member.process;
    long vaddr = ForkTree.address(page);
    check(member, page, step);
    switch (random.nextInt(16)) {
      case 0 -> fork(member);
      case 1 -> {
        if (member.children == 0 && !member.pinned && mine.size() > 1) {
          exit(member);
          return;
        }
      }
      case 2 -> {
        process.munmap(vaddr, PAGE_SIZE);
        long _ = process.mmap(vaddr, PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED);
        process.madvise(vaddr, PAGE_SIZE, MADV_MERGEABLE);
        member.expected[page] = 0;
      }
      case 3 -> {
        process.madvise(vaddr, PAGE_SIZE, MADV_DONTNEED);
        member.expected[page] = 0;
      }
      case 4 -> {
        process.mprotect(vaddr, PAGE_SIZE, PROT_READ);
        check(member, page, step);
        process.mprotect(vaddr, PAGE_SIZE, RW);
      }
      case 5 -> {
        remap(process, vaddr, SPARE);
        remap(process, SPARE, vaddr);
      }
      case 6 -> {
        process.madvise(vaddr, PAGE_SIZE, MADV_UNMERGEABLE);
        check(member, page, step);
        process.madvise(vaddr, PAGE_SIZE, MADV_MERGEABLE);
      }
      case 7, 8, 9 -> {
        member.expected[page] = 1L + random.nextInt(VALUES);
        cpu.storeLong(member.vaddr(page), member.expected[page]);
      }
      default -> {} // looking is enough
    }
    check(member, page, step);
  }

  private void check(Member member, int page, int step) {
    assertEquals(
        member.expected[page],
        cpu.loadLong(member.vaddr(page)),
        () -> "process " + member.number + ", page " + page + ", step " + step);
  }

  private void fork(Member member) {
    Member child = tree.fork(member);
    if (child != null) {
      mine.add(child);
    }
  }

  private void exit(Member member) {
    member.process.leave(cpu);
    mine.remove(member);
    tree.exit(member);
  }

  private static void remap(Process process, long from, long to) {
    int flags = MREMAP_MAYMOVE | MREMAP_FIXED;
    assertEquals(to, process.mremap(from, PAGE_SIZE, PAGE_SIZE, flags, to));
  }
}
