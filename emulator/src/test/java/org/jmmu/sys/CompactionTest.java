package org.jmmu.sys;

import static org.jmmu.mm.Mman.FALLOC_FL_KEEP_SIZE;
import static org.jmmu.mm.Mman.FALLOC_FL_PUNCH_HOLE;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_SHARED;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jmmu.alloc.Buddy;
import org.jmmu.compact.CompactResult;
import org.jmmu.compact.Compaction;
import org.jmmu.compact.Kcompactd;
import org.jmmu.hw.Cpu;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.FrameType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Free memory is brought together, and nobody who uses the rest notices. */
class CompactionTest extends WithProcess {
  private static final int PUNCH = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  private static final int FRAMES = 512;
  private static final int PAGES = 496; // of the process at first; every second one then goes
  private static final int ORDER = 6;
  private static final int STEPS = 3_000;
  private static final int MINUTES = 2; // deadline of the free-running test

  @BeforeEach
  void fragment() {
    process.exit();
    machine.close();
    boot(MachineConfig.small().withFrames(FRAMES));
    map(0, PAGES, RW);
    int fd = process.memfdCreate("m", 0);
    process.ftruncate(fd, PAGES * PAGE_SIZE);
    process.mmap(at(PAGES), PAGES * PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
    for (int page = 0; page < PAGES; page++) {
      store(page(page), page);
    }
    for (int page = 0; page < PAGES; page += 2) {
      process.munmap(at(page(page)), PAGE_SIZE);
      if (page(page) >= PAGES) {
        process.fallocate(fd, PUNCH, page * PAGE_SIZE, PAGE_SIZE);
      }
    }
  }

  /** Three in four pages are anonymous, the others of a file. */
  private static int page(int number) {
    return (number & 6) == 6 ? PAGES + number : number;
  }

  private void assertContents() {
    for (int page = 1; page < PAGES; page += 2) {
      assertEquals(page, load(page(page)), "page " + page);
    }
  }

  private Kernel kernel() {
    return machine.kernel();
  }

  private long allocBlock() {
    return kernel().nodes.alloc(ORDER, FrameType.USER, 0);
  }

  @Test
  void aLargeBlockThatWasNotThereIsThereAfterwards() {
    assertEquals(Buddy.NO_FRAME, allocBlock());
    int moved = machine.compact();
    assertTrue(moved > 0);
    machine.check();
    long block = allocBlock();
    assertNotEquals(Buddy.NO_FRAME, block);
    kernel().compaction.freePages(block, ORDER);
    assertContents();
  }

  @Test
  void pagesOfEveryProcessOfAForkTreeFollow() {
    Process child = process.fork();
    Process grandchild = child.fork();
    machine.compact();
    PageProbe probe = new PageProbe(machine);
    Cpu other = machine.cpu(1);
    for (int page = 1; page < PAGES; page += 2) {
      long vaddr = at(page(page));
      assertEquals(page, child.runOn(other).loadLong(vaddr));
      assertEquals(page, grandchild.runOn(other).loadLong(vaddr));
      long pfn = Pte.pfn(probe.pteVal(process, vaddr));
      assertEquals(pfn, Pte.pfn(probe.pteVal(child, vaddr)));
      assertEquals(pfn, Pte.pfn(probe.pteVal(grandchild, vaddr)));
    }
    machine.check();
    child.exit();
    grandchild.exit();
    assertContents();
  }

  @Test
  void aFailedAllocationCompacts() {
    assertEquals(Buddy.NO_FRAME, allocBlock());
    long block = kernel().compaction.allocPages(ORDER, FrameType.USER, 0);
    assertNotEquals(Buddy.NO_FRAME, block);
    assertEquals(0, block & ((1 << ORDER) - 1));
    assertContents();
    kernel().compaction.freePages(block, ORDER);
  }

  @Test
  void whatCannotBeMovedStaysAndEndsNothing() {
    long pinAnon = process.isolatePage(at(page(1)));
    long pinFile = process.isolatePage(at(page(7)));
    machine.compact();
    PageProbe probe = new PageProbe(machine);
    assertEquals(pinAnon, Pte.pfn(probe.pteVal(process, at(page(1)))));
    assertEquals(pinFile, Pte.pfn(probe.pteVal(process, at(page(7)))));
    assertContents();
    long block = allocBlock();
    assertNotEquals(Buddy.NO_FRAME, block);
    kernel().compaction.freePages(block, ORDER);
    machine.putPage(pinAnon);
    machine.putPage(pinFile);
  }

  @Test
  void aBlockAsLargeAsMemoryIsNotTriedFor() {
    long pfn = kernel().compaction.allocPages(Buddy.MAX_ORDER, FrameType.USER, 0);
    assertEquals(Buddy.NO_FRAME, pfn);
    assertContents();
  }

  @Test
  void kcompactdWorksWhenItIsWokenAndEndsWithTheMachine() {
    Kcompactd kcompactd = machine.startKcompactd(0);
    assertNull(kcompactd.awaitSleep());
    assertEquals(Buddy.NO_FRAME, allocBlock());
    kcompactd.wakeup(ORDER);
    Compaction.Outcome outcome = kcompactd.awaitSleep();
    assertNotNull(outcome);
    assertEquals(CompactResult.SUCCESS, outcome.result());
    assertEquals(0, outcome.nrFailed());
    long block = allocBlock();
    assertNotEquals(Buddy.NO_FRAME, block);
    kernel().compaction.freePages(block, ORDER);
    assertContents();
    assertTrue(isRunning("kcompactd0"));
    kernel().stopThreads();
    assertFalse(isRunning("kcompactd0"));
  }

  private static boolean isRunning(String thread) {
    return Thread.getAllStackTraces().keySet().stream().anyMatch(t -> t.getName().equals(thread));
  }

  /** One thread writes, unmaps, forks; one compacts; kcompactd does, too. */
  @Test
  void underLoad() throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    Kcompactd kcompactd = machine.startKcompactd(0);
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      Future<Integer> moved = threads.submit(() -> compactUntil(over, kcompactd));
      Future<?> used = threads.submit(this::use);
      try {
        used.get(MINUTES, TimeUnit.MINUTES);
      } finally {
        over.set(true);
      }
      assertTrue(moved.get(MINUTES, TimeUnit.MINUTES) > 0, "no page was ever moved");
    }
    kcompactd.close();
  }

  private int compactUntil(AtomicBoolean over, Kcompactd kcompactd) {
    int moved = 0;
    while (!over.get()) {
      kcompactd.wakeup(Buddy.MAX_ORDER - 2);
      moved += machine.compact();
    }
    return moved;
  }

  private void use() {
    Random random = new Random(42);
    long[] expected = new long[PAGES];
    for (int page = 1; page < PAGES; page += 2) {
      expected[page] = page;
    }
    for (int step = 1; step <= STEPS; step++) {
      int page = random.nextInt(PAGES / 2) * 2 + 1;
      long vaddr = at(page(page));
      assertEquals(expected[page], cpu.loadLong(vaddr), "page " + page + " at step " + step);
      switch (random.nextInt(20)) {
        case 0 -> process.fork().exit();
        case 1 -> {
          if (page(page) < PAGES) {
            process.munmap(vaddr, PAGE_SIZE);
            map(page(page), 1, RW);
            expected[page] = 0;
          }
        }
        default -> {
          cpu.storeLong(vaddr, step);
          expected[page] = step;
        }
      }
    }
  }
}
