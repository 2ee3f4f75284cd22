package org.jmmu.sys;

import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.jmmu.types.VmFlags.VM_GROWSDOWN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jmmu.sched.Schedule;
import org.jmmu.sched.StepResult;
import org.jmmu.sched.Stepper;
import org.jmmu.types.AnonVma;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The tree of the VMAs of an anon_vma: whom walks visit, in which order, and what moves in it. */
class AnonVmaIntervalTest extends WithProcess {
  /** The address spaces that a walk for the page visits, in its order. */
  private List<Mm> visited(long page) {
    long pfn = process.isolatePage(at(page));
    List<Mm> mms = new ArrayList<>();
    machine
        .kernel()
        .rmapWalk
        .walk(
            pfn,
            (_, vma, vaddr, _) -> {
              assertEquals(at(page), vaddr);
              mms.add(vma.mm);
              return true;
            },
            0);
    machine.putPage(pfn);
    return mms;
  }

  /** A migration entry that fork copies to the child must not be copied behind the walk. */
  @Test
  void childrenComeBehindTheirParents() {
    map(10, 4, RW);
    store(11, 5);
    Process child = process.fork();
    Process sibling = process.fork();
    Process grandchild = child.fork();
    List<Mm> all = List.of(process.mm(), child.mm(), sibling.mm(), grandchild.mm());
    assertEquals(all, visited(11));
    // A parent's VMA that was changed stands behind the others; a child forked then, behind it.
    process.mprotect(at(13), PAGE_SIZE, PROT_READ);
    Process late = process.fork();
    assertEquals(
        List.of(child.mm(), sibling.mm(), grandchild.mm(), process.mm(), late.mm()), visited(11));
    List.of(late, grandchild, sibling, child).forEach(Process::exit);
    assertEquals(List.of(process.mm()), visited(11));
  }

  /** On the list of 3.6 and before, a walk looked at all parts that a VMA was ever split into. */
  @Test
  void partsThatDoNotMapThePageAreNotVisited() {
    map(0, 64, RW);
    for (int page = 0; page < 64; page++) {
      store(page, page);
    }
    for (int page = 0; page < 64; page += 2) {
      process.mprotect(at(page), PAGE_SIZE, PROT_READ);
    }
    Vma vma = process.mm().vmas.find(at(33));
    assertNotNull(vma);
    AnonVma anonVma = vma.anonVmaGetAcquire();
    assertNotNull(anonVma);
    assertEquals(64, anonVma.rbRoot.size());
    assertEquals(List.of(process.mm()), visited(33));
  }

  @Test
  void walksTakeTheLockSideBySide() {
    map(10, 1, RW);
    store(10, 5);
    Runnable walk = () -> assertEquals(1, visited(10).size());
    StepResult run =
        Stepper.of(Schedule.parse("A:vmaAddress.computed B:end A:end"))
            .thread("A", walk)
            .thread("B", walk)
            .run();
    run.throwIfFailed();
    assertEquals(StepResult.Kind.ENDED, run.outcomes().get(1).kind(), run::toString);
  }

  /** Stacks grow with mmap_lock held for writing, but their links are the anon_vma lock's. */
  @Test
  void aStackThatGrowsMovesInTheTree() {
    map(50, 2, RW);
    addFlags(50, VM_GROWSDOWN);
    store(51, 1);
    store(48, 2);
    assertEquals(List.of(process.mm()), visited(48));
    assertEquals(List.of(process.mm()), visited(51));
  }

  /** Splits, merges, moves, forks: no VMA may stand under pages that it does not map. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void theTreeFollowsEveryChange(int seed) {
    Random random = new Random(seed);
    map(0, 16, RW);
    List<Process> all = new ArrayList<>(List.of(process));
    for (int step = 0; step < 400; step++) {
      Process one = all.get(random.nextInt(all.size()));
      long page = random.nextInt(14);
      int nr = 1 + random.nextInt(2);
      switch (random.nextInt(6)) {
        case 0, 1 -> one.mprotect(at(page), nr * PAGE_SIZE, random.nextBoolean() ? RW : PROT_READ);
        case 2 -> {
          one.mprotect(at(page), nr * PAGE_SIZE, RW);
          one.runOn(machine.cpu(1)).storeLong(at(page), step);
          one.leave(machine.cpu(1));
        }
        case 3 -> {
          one.munmap(at(page), PAGE_SIZE);
          one.mmap(at(page), PAGE_SIZE, RW, ANON | MAP_FIXED);
        }
        case 4 -> {
          long to = at(20 + random.nextInt(8));
          one.mmap(to, PAGE_SIZE, RW, ANON | MAP_FIXED);
        }
        default -> {
          if (all.size() < 4) {
            all.add(one.fork());
          } else if (one != process) {
            all.remove(one);
            one.exit();
          }
        }
      }
      MmCensus.check(machine.kernel(), all);
      machine.check();
    }
    all.removeFirst();
    all.forEach(Process::exit);
  }
}
