package org.jmmu.sys;

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

/** One thread that uses private pages, and pages of a file, of some processes of a fork tree. */
final class ForkTreeUser extends TreeUser {
  ForkTreeUser(ForkTree tree, Cpu cpu, List<Member> mine, long seed, int nrSteps) {
    super(tree, cpu, mine, seed, nrSteps, 2 * PAGES);
  }

  @Override
  void use(Member member, int page, int step, int way) {
    long vaddr = ForkTree.address(page);
    switch (way) {
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
      case 4, 5 -> remap(member.process, vaddr);
      case 6, 7, 8, 9, 10 -> {
        member.changes[page]++;
        member.expected[page] = step;
        cpu.storeLong(member.vaddr(page), step);
      }
      default -> {} // looking is enough
    }
  }
}
