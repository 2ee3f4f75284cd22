package org.jmmu.soak;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.jmmu.hw.Cpu;
import org.jmmu.mm.Mman;
import org.jmmu.sys.Machine;
import org.jmmu.sys.Process;
import org.jmmu.types.ErrnoException;
import org.jspecify.annotations.Nullable;

/**
 * Moves the boundaries of VMAs over pages that other threads migrate at that moment, and looks
 * whether the pages are still there. Now the pages are the process's own, now those that a child
 * has from it; next to a VMA that was touched may be one that never was.
 */
final class BoundaryCalls implements Program {
  static final int PAGES = 8;

  /** Pages of it, to be migrated by another thread. */
  final IsolatedPages isolated;

  private static final long FIRST_WINDOW = RandomCall.WINDOW + 256 * PAGE_SIZE;
  private static final long BETWEEN_WINDOWS = 16 * PAGE_SIZE;
  private static final int RW = Mman.PROT_READ | Mman.PROT_WRITE;

  /** Changes of one layout: later ones find less of what is special about it. */
  private static final int CHANGES = 8;

  /** Up to here the first change waits: pages are being migrated by then, now these, now those. */
  private static final int MOST_SPINS = 500;

  private final SplittableRandom random;
  private final Process process;
  private final Cpu cpu;
  private final long window;
  private final long[] contents = new long[PAGES]; // 0: not touched
  private int untouched; // pages at the start that are a VMA of their own at first
  private @Nullable Process child;

  /**
   * @param id of the thread: each has a window of its own
   */
  BoundaryCalls(SplittableRandom random, Machine machine, Process process, Cpu cpu, int id) {
    this.isolated = new IsolatedPages(machine);
    this.random = random;
    this.process = process;
    this.cpu = cpu;
    this.window = FIRST_WINDOW + id * BETWEEN_WINDOWS;
  }

  long vaddr(int page) {
    return window + page * PAGE_SIZE;
  }

  @Override
  public void enter() {
    Cpu _ = subject().runOn(cpu);
  }

  @Override
  public boolean next() {
    SplittableRandom draws = random.split(); // how far this comes does not show in later ones
    try {
      prepare(draws);
      spin(draws.nextInt(MOST_SPINS));
      for (int change = 0; change < CHANGES; change++) {
        change(draws, change == 0);
      }
      look();
      return true;
    } catch (ErrnoException e) {
      return false; // no memory: whatever is there by now will do
    }
  }

  @Override
  public void rest() {
    isolated.takeBack();
  }

  @Override
  public void end() {
    endChild();
    process.leave(cpu);
  }

  private void prepare(SplittableRandom draws) {
    isolated.takeBack();
    endChild();
    Arrays.fill(contents, 0);
    untouched = draws.nextInt(3);
    int anonymous = Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS | Mman.MAP_FIXED;
    long _ = process.mmap(window, PAGES * PAGE_SIZE, RW, anonymous);
    if (untouched > 0) {
      process.mprotect(window, untouched * PAGE_SIZE, Mman.PROT_READ);
    }
    for (int page = untouched; page < PAGES; page++) {
      long content = draws.nextLong() | 1;
      cpu.storeLong(vaddr(page), content);
      contents[page] = content;
    }
    if (draws.nextBoolean()) {
      child = process.fork();
      Cpu _ = child.runOn(cpu);
    }
    long[] pfns = new long[PAGES - untouched];
    for (int i = 0; i < pfns.length; i++) {
      pfns[i] = process.isolatePage(vaddr(untouched + i));
    }
    isolated.offer(pfns);
  }

  /** What was never touched gives a page away first: only then is it still untouched. */
  private void change(SplittableRandom draws, boolean first) {
    boolean given = first && untouched > 0;
    int from = given ? untouched - 1 : draws.nextInt(PAGES);
    int pages = given ? 1 : Math.min(1 + draws.nextInt(3), PAGES - from);
    int prot = given || draws.nextBoolean() ? RW : Mman.PROT_READ;
    subject().mprotect(vaddr(from), pages * PAGE_SIZE, prot);
  }

  private static void spin(int times) {
    for (int i = 0; i < times; i++) {
      Thread.onSpinWait();
    }
  }

  private void look() {
    for (int page = 0; page < PAGES; page++) {
      long found = contents[page] == 0 ? 0 : cpu.loadLong(vaddr(page));
      if (found != contents[page]) {
        throw new IllegalStateException(
            "0x%x: found 0x%x, had stored 0x%x".formatted(vaddr(page), found, contents[page]));
      }
    }
  }

  private Process subject() {
    return child != null ? child : process;
  }

  private void endChild() {
    Process ending = child;
    if (ending != null) {
      Cpu _ = process.runOn(cpu);
      child = null;
      ending.exit();
    }
  }
}
