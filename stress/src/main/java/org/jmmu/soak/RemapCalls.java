package org.jmmu.soak;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.util.SplittableRandom;
import org.jmmu.hw.Cpu;
import org.jmmu.mm.Mman;
import org.jmmu.sys.Process;
import org.jmmu.types.ErrnoException;

/**
 * Moves pages by mremap that other threads migrate at that moment, and looks whether they are still
 * there. Of two places with room for all of them, each page is now in the one, now in the other,
 * where what lies next to each other becomes one VMA.
 */
final class RemapCalls implements Program {
  static final int PAGES = 8;

  private static final long FIRST_WINDOW = RandomCall.WINDOW + 2048 * PAGE_SIZE;
  private static final long BETWEEN_WINDOWS = 64 * PAGE_SIZE;
  private static final long BETWEEN_PLACES = 16 * PAGE_SIZE;
  private static final int RW = Mman.PROT_READ | Mman.PROT_WRITE;
  private static final int MOVE = Mman.MREMAP_MAYMOVE | Mman.MREMAP_FIXED;
  private static final int MOVES = 8;
  private static final int MOST_AT_ONCE = 3;
  private static final int NONE = -1;
  private static final int MOST_SPINS = 200; // between moves

  private final IsolatedPages isolated;
  private final SplittableRandom random;
  private final Process process;
  private final Cpu cpu;
  private final long window;
  private final long[] contents = new long[PAGES];
  private final boolean[] away = new boolean[PAGES]; // in the second place

  /**
   * The page that is next to follow those below it to the second place, where it becomes part of
   * their VMA, which reverse-map walks visit before the one it comes from; {@link #NONE} if pages
   * go anywhere.
   */
  private int following = NONE;

  /**
   * @param isolated for pages that another thread is to migrate
   * @param id of the thread: each has a window of its own
   */
  RemapCalls(SplittableRandom random, IsolatedPages isolated, Process process, Cpu cpu, int id) {
    this.isolated = isolated;
    this.random = random;
    this.process = process;
    this.cpu = cpu;
    this.window = FIRST_WINDOW + id * BETWEEN_WINDOWS;
  }

  private long vaddr(int page, boolean there) {
    return window + page * PAGE_SIZE + (there ? BETWEEN_PLACES : 0);
  }

  @Override
  public void enter() {
    isolated.open();
    Cpu _ = process.runOn(cpu);
  }

  @Override
  public boolean next() {
    SplittableRandom draws = random.split(); // how far this comes does not show in later ones
    try {
      prepare(draws);
      for (int i = 0; i < MOVES; i++) {
        move(draws);
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
    process.leave(cpu);
  }

  private void prepare(SplittableRandom draws) {
    process.munmap(window, BETWEEN_PLACES + PAGES * PAGE_SIZE);
    int anonymous = Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS | Mman.MAP_FIXED;
    long _ = process.mmap(window, PAGES * PAGE_SIZE, RW, anonymous);
    for (int page = 0; page < PAGES; page++) {
      contents[page] = draws.nextLong();
      away[page] = false;
      cpu.storeLong(vaddr(page, false), contents[page]);
    }
    following = draws.nextBoolean() ? 1 + draws.nextInt(PAGES - 1) : NONE;
    if (following != NONE) {
      moveTogether(0, following);
    }
    int first = Math.max(following, 0);
    long[] pfns = new long[PAGES - first];
    for (int i = 0; i < pfns.length; i++) {
      pfns[i] = process.isolatePage(vaddr(first + i, false));
    }
    isolated.offer(pfns, draws.nextInt(MOST_SPINS));
  }

  private void move(SplittableRandom draws) {
    if (following == NONE) {
      moveAny(draws);
    } else if (following < PAGES) {
      int most = following + 1 + draws.nextInt(MOST_AT_ONCE);
      moveTogether(following, Math.min(most, PAGES));
      following = Math.min(most, PAGES);
    }
  }

  /** Takes a page to the other place, and those behind it that are in the same one. */
  private void moveAny(SplittableRandom draws) {
    int from = draws.nextInt(PAGES);
    int most = from + 1 + draws.nextInt(MOST_AT_ONCE);
    int end = from + 1;
    while (end < Math.min(most, PAGES) && away[end] == away[from]) {
      end++;
    }
    moveTogether(from, end);
  }

  /** Those pages, which are in one place, go to the other. */
  private void moveTogether(int from, int end) {
    long length = (end - from) * PAGE_SIZE;
    boolean there = !away[from];
    long _ = process.mremap(vaddr(from, !there), length, length, MOVE, vaddr(from, there));
    for (int page = from; page < end; page++) {
      away[page] = there;
    }
  }

  private void look() {
    for (int page = 0; page < PAGES; page++) {
      long vaddr = vaddr(page, away[page]);
      long found = cpu.loadLong(vaddr);
      if (found != contents[page]) {
        throw new IllegalStateException(
            "0x%x: found 0x%x, had stored 0x%x".formatted(vaddr, found, contents[page]));
      }
    }
  }
}
