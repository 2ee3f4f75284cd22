package org.jmmu.soak;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.jmmu.hw.Cpu;
import org.jmmu.mm.Mman;
import org.jmmu.sys.Process;
import org.jmmu.types.ErrnoException;
import org.jspecify.annotations.Nullable;

/**
 * Moves the boundaries of VMAs over pages that other threads migrate at that moment, and looks
 * whether the pages are still there. Now the pages are the process's own, now those that a child
 * has from it.
 */
final class BoundaryCalls implements Program {
  static final int PAGES = 8;

  private static final long FIRST_WINDOW = RandomCall.WINDOW + 256 * PAGE_SIZE;
  private static final long BETWEEN_WINDOWS = 16 * PAGE_SIZE;
  private static final int RW = Mman.PROT_READ | Mman.PROT_WRITE;

  private static final int CHANGES = 8;

  /** Up to here a change waits for the next: the pages are being migrated meanwhile. */
  private static final int MOST_SPINS = 200;

  /** What there is to change. */
  private enum Layout {
    /** Two VMAs; the lower one, never touched, gives its pages to the upper one, one by one. */
    UNTOUCHED_BELOW,
    /** Two VMAs, with a boundary that goes up and down. */
    TWO,
    /** One VMA, of which parts go and come back. */
    ANY
  }

  private static final Layout[] LAYOUTS = Layout.values();

  private final IsolatedPages isolated;
  private final SplittableRandom random;
  private final Process process;
  private final Cpu cpu;
  private final long window;
  private final long[] contents = new long[PAGES]; // 0: not touched
  private Layout layout = Layout.ANY;
  private int boundary; // pages of the lower VMA
  private @Nullable Process child;

  /**
   * @param isolated for pages that another thread is to migrate
   * @param id of the thread: each has a window of its own
   */
  BoundaryCalls(SplittableRandom random, IsolatedPages isolated, Process process, Cpu cpu, int id) {
    this.isolated = isolated;
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
    isolated.open();
    Cpu _ = subject().runOn(cpu);
  }

  @Override
  public boolean next() {
    SplittableRandom draws = random.split(); // how far this comes does not show in later ones
    try {
      prepare(draws);
      for (int change = 0; change < CHANGES; change++) {
        change(draws);
        IsolatedPages.spin(draws.nextInt(MOST_SPINS));
      }
      look();
      return true;
    } catch (ErrnoException e) {
      return false; // no memory: whatever is there by now will do
    }
  }

  @Override
  public void rest() {
    isolated.close();
  }

  @Override
  public void end() {
    endChild();
    process.leave(cpu);
  }

  private void prepare(SplittableRandom draws) {
    endChild();
    Arrays.fill(contents, 0);
    layout = LAYOUTS[draws.nextInt(LAYOUTS.length)];
    boundary = layout == Layout.ANY ? 0 : 1 + draws.nextInt(PAGES - 1);
    int touched = layout == Layout.UNTOUCHED_BELOW ? boundary : 0; // the first of them
    int anonymous = Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS | Mman.MAP_FIXED;
    long _ = process.mmap(window, PAGES * PAGE_SIZE, RW, anonymous);
    if (touched > 0) {
      process.mprotect(window, touched * PAGE_SIZE, Mman.PROT_READ);
    }
    for (int page = touched; page < PAGES; page++) {
      long content = draws.nextLong() | 1;
      cpu.storeLong(vaddr(page), content);
      contents[page] = content;
    }
    if (draws.nextBoolean()) {
      child = process.fork();
      Cpu _ = child.runOn(cpu);
    }
    if (layout == Layout.TWO) {
      splitAtBoundary(draws.nextBoolean());
    }
    long[] pfns = new long[PAGES - touched];
    for (int i = 0; i < pfns.length; i++) {
      pfns[i] = process.isolatePage(vaddr(touched + i));
    }
    isolated.offer(pfns, draws.nextInt(MOST_SPINS));
  }

  /** The VMA that is new in this comes later in reverse-map walks: now the lower, now the upper. */
  private void splitAtBoundary(boolean upperIsNew) {
    if (upperIsNew) {
      subject().mprotect(window, boundary * PAGE_SIZE, Mman.PROT_READ);
    } else {
      subject().mprotect(window, PAGES * PAGE_SIZE, Mman.PROT_READ);
      subject().mprotect(vaddr(boundary), (PAGES - boundary) * PAGE_SIZE, RW);
    }
  }

  private void change(SplittableRandom draws) {
    switch (layout) {
      case UNTOUCHED_BELOW -> moveBoundary(Math.max(1, boundary - 1)); // at 0 it would be gone
      case TWO -> moveBoundary(1 + draws.nextInt(PAGES - 1));
      case ANY -> {
        int from = draws.nextInt(PAGES);
        int pages = Math.min(1 + draws.nextInt(3), PAGES - from);
        int prot = draws.nextBoolean() ? RW : Mman.PROT_READ;
        subject().mprotect(vaddr(from), pages * PAGE_SIZE, prot);
      }
    }
  }

  private void moveBoundary(int to) {
    int from = boundary;
    boundary = to;
    if (to < from) {
      subject().mprotect(vaddr(to), (from - to) * PAGE_SIZE, RW);
    } else {
      subject().mprotect(vaddr(from), (to - from) * PAGE_SIZE, Mman.PROT_READ);
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
