package org.jmmu.sys;

import static org.jmmu.mm.Mman.MADV_DONTNEED;
import static org.jmmu.mm.Mman.MADV_MERGEABLE;
import static org.jmmu.mm.Mman.MADV_UNMERGEABLE;
import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.jmmu.sys.ForkTree.PAGES;
import static org.jmmu.sys.ForkTree.RW;

import java.util.List;
import org.jmmu.hw.Cpu;
import org.jmmu.sys.ForkTree.Member;

/**
 * One thread that uses some processes of a fork tree whose private pages may be merged. It writes
 * few different values, so that pages are equal often.
 */
final class KsmTreeUser extends TreeUser {
  private static final int VALUES = 4;

  KsmTreeUser(ForkTree tree, Cpu cpu, List<Member> mine, long seed, int nrSteps) {
    super(tree, cpu, mine, seed, nrSteps, PAGES);
  }

  @Override
  void use(Member member, int page, int step, int way) {
    Process process = member.process;
    long vaddr = ForkTree.address(page);
    switch (way) {
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
      case 5 -> remap(process, vaddr);
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
  }
}
