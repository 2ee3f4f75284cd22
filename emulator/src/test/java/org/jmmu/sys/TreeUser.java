package org.jmmu.sys;

import static org.jmmu.mm.Mman.MREMAP_FIXED;
import static org.jmmu.mm.Mman.MREMAP_MAYMOVE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.jmmu.sys.ForkTree.PAGES;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Random;
import org.jmmu.hw.Cpu;
import org.jmmu.sys.ForkTree.Member;

/**
 * One thread that uses some processes of a fork tree, and looks whether they see what they must.
 * They fork and exit; a subclass says what else they do.
 */
abstract class TreeUser implements Runnable {
  private static final long SPARE = ForkTree.address(2 * PAGES); // where pages go and come from

  private final ForkTree tree;
  final Cpu cpu;
  private final List<Member> mine;
  final Random random;
  private final int nrSteps;
  private final int nrPages;

  /**
   * @param nrPages of a process, that are used
   */
  TreeUser(ForkTree tree, Cpu cpu, List<Member> mine, long seed, int nrSteps, int nrPages) {
    this.tree = tree;
    this.cpu = cpu;
    this.mine = mine;
    this.random = new Random(seed);
    this.nrSteps = nrSteps;
    this.nrPages = nrPages;
  }

  @Override
  public final void run() {
    for (int step = 1; step <= nrSteps && !mine.isEmpty(); step++) {
      Member member = mine.get(random.nextInt(mine.size()));
      tree.steps.readLock().lock();
      try {
        member.process.runOn(cpu);
        step(member, random.nextInt(nrPages), step);
        member.process.leave(cpu);
      } finally {
        tree.steps.readLock().unlock();
      }
    }
  }

  private void step(Member member, int page, int step) {
    check(member, page, step);
    int way = random.nextInt(16);
    switch (way) {
      case 0 -> fork(member);
      case 1 -> {
        if (member.children == 0 && !member.pinned && mine.size() > 1) {
          exit(member);
          return;
        }
      }
      default -> use(member, page, step, way);
    }
    check(member, page, step);
  }

  /**
   * @param way 2 to 15
   */
  abstract void use(Member member, int page, int step, int way);

  final void check(Member member, int page, int step) {
    assertEquals(
        member.expected[page],
        cpu.loadLong(member.vaddr(page)),
        () -> "process " + member.number + ", page " + page + ", step " + step);
  }

  /** There and back. */
  static void remap(Process process, long vaddr) {
    remap(process, vaddr, SPARE);
    remap(process, SPARE, vaddr);
  }

  private static void remap(Process process, long from, long to) {
    int flags = MREMAP_MAYMOVE | MREMAP_FIXED;
    assertEquals(to, process.mremap(from, PAGE_SIZE, PAGE_SIZE, flags, to));
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
}
