package org.jmmu.sys;

import static org.jmmu.mm.Mman.MADV_MERGEABLE;
import static org.jmmu.mm.Mman.MADV_UNMERGEABLE;
import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.MREMAP_FIXED;
import static org.jmmu.mm.Mman.MREMAP_MAYMOVE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jmmu.hw.Cpu;
import org.jmmu.migrate.MigratePages;
import org.jmmu.sched.Schedule;
import org.jmmu.sched.Stepper;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class KsmTest {
  private static final int RW = PROT_READ | PROT_WRITE;
  private static final int PAGES = 4;

  private final Machine machine = Machine.boot(MachineConfig.small().withFrames(256));
  private final Process process = machine.spawn();
  private final Cpu cpu = process.runOn(machine.cpu(0));
  private final long start = map(process);

  @AfterEach
  void close() {
    machine.check();
    machine.close();
  }

  @Test
  void equalPagesBecomeOne() {
    fill(cpu, 7);
    long before = inUse();
    twoPasses();
    assertEquals(1, machine.ksmPagesShared());
    assertEquals(before - (PAGES - 1), inUse());
    assertContent(cpu, 7);
  }

  @Test
  void smapsShowsWhatIsMerged() {
    fill(cpu, 7);
    cpu.storeLong(start, 8);
    twoPasses();
    assertTrue(process.smaps().contains("KSM:                  12 kB\n"), process.smaps());
  }

  @Test
  void onePassMergesNothingYet() {
    fill(cpu, 7);
    machine.scanKsm();
    assertEquals(0, machine.ksmPagesShared());
  }

  @Test
  void whatChangesBetweenPassesIsNotMerged() {
    for (int pass = 1; pass < 5; pass++) {
      fill(cpu, pass);
      machine.scanKsm();
    }
    assertEquals(0, machine.ksmPagesShared());
  }

  @Test
  void pagesThatDifferInTheLastByteStayApart() {
    fill(cpu, 7);
    for (int i = 0; i < PAGES; i++) {
      cpu.storeByte(start + (i + 1) * PAGE_SIZE - 1, (byte) i);
    }
    twoPasses();
    assertEquals(0, machine.ksmPagesShared());
  }

  @Test
  void onlyMergeableMemoryIsMerged() {
    process.madvise(start, PAGES * PAGE_SIZE, MADV_UNMERGEABLE);
    fill(cpu, 7);
    twoPasses();
    assertEquals(0, machine.ksmPagesShared());
  }

  @Test
  void aWriteMakesACopyThatTheOthersDoNotSee() {
    fill(cpu, 7);
    twoPasses();
    cpu.storeLong(start + PAGE_SIZE, 8);
    assertEquals(8, cpu.loadLong(start + PAGE_SIZE));
    assertEquals(7, cpu.loadLong(start));
    assertEquals(7, cpu.loadLong(start + 2 * PAGE_SIZE));
    machine.check();
  }

  @Test
  void theLastOneThatHasAMergedPageStillCopiesIt() {
    fill(cpu, 7);
    twoPasses();
    for (int i = 0; i < PAGES; i++) {
      cpu.storeLong(start + i * PAGE_SIZE, i);
    }
    machine.scanKsm();
    assertEquals(0, machine.ksmPagesShared());
    for (int i = 0; i < PAGES; i++) {
      assertEquals(i, cpu.loadLong(start + i * PAGE_SIZE));
    }
  }

  @Test
  void unmergeableGivesEachItsPageBack() {
    fill(cpu, 7);
    long before = inUse();
    twoPasses();
    process.mprotect(start, PAGES * PAGE_SIZE, PROT_READ); // copies need no right to write
    process.madvise(start, PAGES * PAGE_SIZE, MADV_UNMERGEABLE);
    assertEquals(before, inUse());
    assertEquals(0, machine.ksmPagesShared());
    assertContent(cpu, 7);
  }

  @Test
  void pagesOfTwoProcessesAreMerged() {
    Process other = machine.spawn();
    Cpu otherCpu = other.runOn(machine.cpu(1));
    assertEquals(start, map(other));
    fill(cpu, 7);
    fill(otherCpu, 7);
    twoPasses();
    assertEquals(1, machine.ksmPagesShared());
    cpu.storeLong(start, 1);
    assertEquals(7, otherCpu.loadLong(start));
    other.leave(otherCpu);
    other.exit();
    machine.scanKsm();
    assertEquals(7, cpu.loadLong(start + PAGE_SIZE));
  }

  @Test
  void aForkSharesMergedPagesAndLeavesThem() {
    fill(cpu, 7);
    twoPasses();
    Process child = process.fork();
    Cpu childCpu = child.runOn(machine.cpu(1));
    machine.check(); // the reverse map leads to the child as well
    childCpu.storeLong(start, 9);
    machine.scanKsm();
    machine.check();
    assertEquals(7, cpu.loadLong(start));
    assertEquals(9, childCpu.loadLong(start));
    process.munmap(start, PAGES * PAGE_SIZE);
    machine.scanKsm();
    assertEquals(7, childCpu.loadLong(start + PAGE_SIZE));
    child.leave(childCpu);
  }

  @Test
  void aMergedPageMigratesWithAllItsEntriesAndThoseOfAFork() {
    fill(cpu, 7);
    twoPasses();
    Process child = process.fork(); // has no item of its own yet
    Cpu childCpu = child.runOn(machine.cpu(1));
    long old = process.isolatePage(start);
    assertEquals(MigratePages.Result.MIGRATED, machine.migratePage(old));
    machine.check();
    long now = isolatedAgain();
    assertNotEquals(old, now);
    assertContent(cpu, 7);
    assertContent(childCpu, 7);
    long childs = child.isolatePage(start + PAGE_SIZE);
    machine.putPage(childs);
    assertEquals(now, childs);
    machine.scanKsm();
    assertEquals(1, machine.ksmPagesShared());
    child.leave(childCpu);
  }

  @Test
  void mremapMovesCopies() {
    fill(cpu, 7);
    twoPasses();
    long to = start - (1L << 30);
    assertEquals(
        to,
        process.mremap(
            start, PAGES * PAGE_SIZE, PAGES * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to));
    machine.check();
    assertEquals(7, cpu.loadLong(to));
    assertEquals(0, machine.ksmPagesShared());
    twoPasses();
    assertEquals(1, machine.ksmPagesShared()); // the advice has moved along
  }

  @Test
  void aPinnedPageIsNotMerged() {
    fill(cpu, 7);
    long pin = process.isolatePage(start);
    twoPasses();
    cpu.storeLong(start, 8); // makes no copy: whoever has the pin sees it
    assertEquals(pin, isolatedAgain());
    cpu.storeLong(start, 7);
    machine.putPage(pin);
    twoPasses();
    assertEquals(1, machine.ksmPagesShared());
  }

  /** Its old frame is free by the time it is asked who owns it. */
  @Test
  void aPageThatMovesUnderTheScannerIsNotForgotten() {
    fill(cpu, 7);
    twoPasses();
    long pfn = process.isolatePage(start);
    Stepper.of(Schedule.parse("S:ksm.isStale M:end S:end"))
        .thread("S", machine::scanKsm)
        .thread("M", () -> machine.migratePage(pfn))
        .run()
        .throwIfFailed();
    machine.check();
    assertEquals(1, machine.ksmPagesShared());
  }

  @Test
  void aPageThatChangesBehindTheSearchIsNotReplaced() {
    fill(cpu, 7);
    twoPasses();
    cpu.storeLong(start, 8);
    cpu.storeLong(start, 7); // a page of its own again, equal to the merged one
    Stepper.of(Schedule.parse("S:ksm.replace W:end S:end"))
        .thread("S", machine::scanKsm)
        .thread("W", () -> cpu.storeLong(start, 9))
        .run()
        .throwIfFailed();
    machine.check();
    assertEquals(9, cpu.loadLong(start));
    assertEquals(7, cpu.loadLong(start + PAGE_SIZE));
  }

  private long isolatedAgain() {
    long pfn = process.isolatePage(start);
    machine.putPage(pfn);
    return pfn;
  }

  /** Two processes write what only they know; a third thread scans. */
  @Test
  void scanningAgainstWritersLosesNoByte() throws Exception {
    Process child = process.fork();
    Cpu childCpu = child.runOn(machine.cpu(1));
    AtomicBoolean over = new AtomicBoolean();
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      Future<Boolean> other = threads.submit(() -> writes(childCpu, new Random(2)));
      Future<?> scanner =
          threads.submit(
              () -> {
                while (!over.get()) {
                  machine.scanKsm();
                }
              });
      assertTrue(writes(cpu, new Random(1)));
      assertTrue(other.get(60, TimeUnit.SECONDS));
      over.set(true);
      Object _ = scanner.get(60, TimeUnit.SECONDS);
    } finally {
      over.set(true);
    }
    child.leave(childCpu);
  }

  /** Values are few, so that pages are equal often. */
  private boolean writes(Cpu on, Random random) {
    long[] expected = new long[PAGES];
    for (int i = 0; i < PAGES; i++) {
      on.storeLong(start + i * PAGE_SIZE, 0);
    }
    boolean right = true;
    for (int round = 0; round < 100_000; round++) {
      int page = random.nextInt(PAGES);
      right &= on.loadLong(start + page * PAGE_SIZE) == expected[page];
      if (random.nextInt(50) == 0) {
        expected[page] = random.nextInt(2);
        on.storeLong(start + page * PAGE_SIZE, expected[page]);
      }
    }
    return right;
  }

  private static long map(Process process) {
    long vaddr = process.mmap(PAGES * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS);
    process.madvise(vaddr, PAGES * PAGE_SIZE, MADV_MERGEABLE);
    return vaddr;
  }

  private void fill(Cpu on, long value) {
    for (int i = 0; i < PAGES; i++) {
      on.storeLong(start + i * PAGE_SIZE, value);
    }
  }

  private void assertContent(Cpu on, long value) {
    for (int i = 0; i < PAGES; i++) {
      assertEquals(value, on.loadLong(start + i * PAGE_SIZE));
    }
  }

  private void twoPasses() {
    machine.scanKsm();
    machine.scanKsm();
  }

  private long inUse() {
    return machine.kernel().framesInUse();
  }
}
