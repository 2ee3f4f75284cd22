package org.jmmu.sys;

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
 * One thread that uses some processes of a fork tree, and looks whether they see what they must.
 */
final class ForkTreeUser implements Runnable {
  private static final long SPARE = ForkTree.address(2 * PAGES); // where pages go and come from

  private final ForkTree tree;
  private final Cpu cpu;
  private final List<Member> mine;
  private final Random random;
  private final int nrSteps;

  ForkTreeUser(ForkTree tree, Cpu cpu, List<Member> mine, long seed, int nrSteps) {
    this.tree = tree;
    this.cpu = cpu;
    this.mine = mine;
    this.random = new Random(seed);
    this.nrSteps = nrSteps;
  }

  @Override
  public void run() {
    for (int step = 1; step <= nrSteps && !mine.isEmpty(); step++) {
      Member member = mine.get(random.nextInt(mine.size()));
      tree.steps.readLock().lock();
      try {
        member.process.runOn(cpu);
        step(member, random.nextInt(2 * PAGES), step);
        member.process.leave(cpu);
      } finally {
        tree.steps.readLock().unlock();
      }
    }
  }

  private void step(Member member, int page, int step) {
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
        if (page < PAGES) {
          member.changes[page]++;
          member.process.munmap(vaddr, PAGE_SIZE);
          int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
          long _ = member.process.mmap(vaddr, PAGE_SIZE, RW, flags);
          member.expected[page] = 0;
        }
      }
      case 3 -> {
        member.process.mprotect(vaddr, PAGE_SIZE, PROT_READ);
        check(member, page, step);
        member.process.mprotect(vaddr, PAGE_SIZE, RW);
      }
      case 4, 5 -> {
        remap(member, vaddr, SPARE);
        remap(member, SPARE, vaddr);
      }
      case 6, 7, 8, 9, 10 -> {
        member.changes[page]++;
        member.expected[page] = step;
        cpu.storeLong(member.vaddr(page), step);
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

  private static void remap(Member member, long from, long to) {
    int flags = MREMAP_MAYMOVE | MREMAP_FIXED;
    assertEquals(to, member.process.mremap(from, PAGE_SIZE, PAGE_SIZE, flags, to));
  }
}
