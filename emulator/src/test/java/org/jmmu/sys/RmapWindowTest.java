package org.jmmu.sys;

import static org.jmmu.mm.Mman.MREMAP_FIXED;
import static org.jmmu.mm.Mman.MREMAP_MAYMOVE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.jmmu.hw.Cpu;
import org.jmmu.hw.PteBits;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.Mem;
import org.jmmu.race.vmaadjust.VmaAdjustVariant;
import org.jmmu.rmap.RmapWindow;
import org.jmmu.rmap.WindowReferenced;
import org.jmmu.swap.SwapPte;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Walks of the reverse map for 64 pages at a time. */
class RmapWindowTest extends WithProcess {
  private static final int PAGES = RmapWindow.SLOTS;

  private RmapWindow window;
  private WindowReferenced referenced;

  @BeforeEach
  void roomier() {
    machine.close();
    start(VmaAdjustVariant.RWSEM_INTERVAL);
  }

  private void start(VmaAdjustVariant variant) {
    boot(MachineConfig.small().withFrames(512).withVmaAdjust(variant.protocol()));
    window = new RmapWindow(machine.kernel().phys);
    referenced = new WindowReferenced(machine.kernel().tables);
  }

  /** Maps pages 0 to {@code nr} - 1, each with its number plus one in it. */
  private void fill(int nr) {
    map(0, nr, RW);
    for (int page = 0; page < nr; page++) {
      store(page, page + 1);
    }
  }

  private long pteAddr(Process of, long page) {
    return machine.kernel().tables.pteOffset(of.mm(), at(page));
  }

  private long pte(Process of, long page) {
    long pteAddr = pteAddr(of, page);
    return pteAddr == PageTables.NONE ? 0 : Mem.longGetAcquire(pteAddr);
  }

  private long pfn(long page) {
    return Pte.pfn(pte(process, page));
  }

  private boolean walk() {
    return machine.kernel().rmapWalk.walkWindow(window, referenced);
  }

  /**
   * Three processes: the window's entries lie in two page tables and several VMAs, some map other
   * frames, some are gone.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void findsEveryYoungEntryAndNoOther(long seed) {
    fill(PAGES);
    long first = 512 - 20; // after the move the boundary of two tables lies within
    process.mremap(
        at(0), PAGES * PAGE_SIZE, PAGES * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, at(first));
    Process child = process.fork();
    Process grandchild = child.fork();
    Process[] all = {process, child, grandchild};
    child.mprotect(at(first + 30), 10 * PAGE_SIZE, PROT_READ);
    grandchild.munmap(at(first + 18), 5 * PAGE_SIZE);
    Cpu other = child.runOn(machine.cpu(1));
    other.storeLong(at(first + 3), 0);
    other.storeLong(at(first + 50), 0);
    child.leave(other);
    long[] pfns = new long[PAGES];
    Random random = new Random(seed);
    for (int i = 0; i < PAGES; i++) {
      pfns[i] = pfn(first + i);
      if (random.nextInt(8) != 0) {
        assertEquals(i, window.add(pfns[i]));
      } else {
        pfns[i] = -1;
      }
    }
    long young = 0;
    int count = 0;
    for (Process of : all) {
      for (int i = 0; i < PAGES; i++) {
        long pteAddr = pteAddr(of, first + i);
        if (pteAddr == PageTables.NONE || !Pte.isPresent(Mem.longGetAcquire(pteAddr))) {
          continue;
        }
        boolean isYoung = random.nextInt(4) == 0;
        long old = Mem.longGetAndAnd(pteAddr, ~PteBits.A);
        if (isYoung) {
          long _ = Mem.longGetAndOr(pteAddr, PteBits.A);
        }
        if (isYoung && Pte.pfn(old) == pfns[i]) {
          young |= 1L << i;
          count++;
        }
      }
    }
    int before = countYoung(all, first);
    assertTrue(walk());
    assertEquals(count, before - countYoung(all, first));
    assertEquals(young, referenced.takeYoung());
    assertTrue(walk());
    assertEquals(0, referenced.takeReferenced(), "all are old now");
  }

  private int countYoung(Process[] all, long first) {
    int count = 0;
    for (Process of : all) {
      for (int i = 0; i < PAGES; i++) {
        count += Pte.isYoung(pte(of, first + i)) ? 1 : 0;
      }
    }
    return count;
  }

  @Test
  void windowHoldsPagesOfOneMappingAndOneStretch() {
    fill(PAGES + 1);
    Process child = process.fork();
    Cpu other = child.runOn(machine.cpu(1));
    other.storeLong(at(2), 0);
    child.leave(other);
    map(200, 1, RW);
    store(200, 1);
    assertEquals(1, window.add(pfn(1)));
    assertEquals(-1, window.add(pfn(PAGES)), "the next window");
    assertEquals(-1, window.add(Pte.pfn(pte(child, 2))), "the child's own");
    assertEquals(-1, window.add(pfn(200)), "another VMA's");
    assertEquals(-1, window.add(pfn(1)), "twice");
    assertEquals(0, window.add(pfn(0)));
    assertEquals(2, window.size());
  }

  @Test
  void mappedNowhereAnyMore() {
    fill(2);
    long pfn = pfn(0);
    machine.kernel().frames.get(pfn);
    assertEquals(0, window.add(pfn));
    assertEquals(1, window.add(pfn(1)));
    process.munmap(at(0), PAGE_SIZE);
    assertFalse(walk());
    machine.kernel().frames.put(pfn);
  }

  /** With every protocol, those of lists included, which walk page by page. */
  @ParameterizedTest
  @EnumSource(VmaAdjustVariant.class)
  void clockSparesWhatARelativeUses(VmaAdjustVariant variant) {
    machine.close();
    start(variant);
    var _ = machine.swaponMemory(2 * PAGES);
    fill(2 * PAGES);
    Process child = process.fork();
    assertEquals(PAGES, machine.reclaim(PAGES), "in the second turn: all were accessed");
    assertTrue(SwapPte.isSwapEntry(pte(process, PAGES - 1)));
    Cpu other = child.runOn(machine.cpu(1));
    for (int page = PAGES; page < 2 * PAGES; page += 2) {
      assertEquals(page + 1, other.loadLong(at(page)));
    }
    child.leave(other);
    assertEquals(PAGES / 2, machine.reclaim(PAGES / 2));
    for (int page = PAGES; page < 2 * PAGES; page++) {
      assertEquals(page % 2 == 1, SwapPte.isSwapEntry(pte(process, page)), "page " + page);
    }
    machine.check();
    child.exit();
  }
}
