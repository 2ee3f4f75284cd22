package org.jmmu.sys;

import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jmmu.hw.Cpu;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.SegvException;
import org.junit.jupiter.api.Test;

/**
 * One thread changes an address space at random and checks every byte that it reads; another
 * migrates its pages and reads them meanwhile. Mainline must lose nothing.
 */
class TwoThreadsTest {
  private static final int RW = PROT_READ | PROT_WRITE;
  private static final int ANON = MAP_PRIVATE | MAP_ANONYMOUS;
  private static final int PAGES = 8;
  private static final int STEPS = 20_000;
  private static final int MINUTES = 2; // deadline of the whole test

  private final Machine machine = Machine.boot(MachineConfig.small().withFrames(256));
  private final Process process = machine.spawn();
  private final long start = process.mmap(PAGES * PAGE_SIZE, RW, ANON);
  private final AtomicBoolean over = new AtomicBoolean();

  @Test
  void nothingIsLostWhilePagesMove() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      Future<Integer> moved = threads.submit(this::movePages);
      Future<?> changes = threads.submit(() -> changeMemory(new Random(42)));
      try {
        changes.get(MINUTES, TimeUnit.MINUTES);
      } finally {
        over.set(true);
      }
      assertEquals(true, moved.get(MINUTES, TimeUnit.MINUTES) > 0, "no page was ever moved");
    }
    machine.check();
    process.exit();
    machine.check();
    machine.close();
  }

  private void changeMemory(Random random) {
    Cpu cpu = process.runOn(machine.cpu(0));
    long[] expected = new long[PAGES];
    boolean[] writable = new boolean[PAGES];
    Arrays.fill(writable, true);
    for (int step = 1; step <= STEPS; step++) {
      int page = random.nextInt(PAGES);
      long vaddr = start + page * PAGE_SIZE;
      switch (random.nextInt(8)) {
        case 0 -> {
          process.mprotect(vaddr, PAGE_SIZE, PROT_READ);
          writable[page] = false;
        }
        case 1 -> {
          process.mprotect(vaddr, PAGE_SIZE, RW);
          writable[page] = true;
        }
        case 2 -> {
          process.munmap(vaddr, PAGE_SIZE);
          long _ = process.mmap(vaddr, PAGE_SIZE, RW, ANON | MAP_FIXED);
          expected[page] = 0;
          writable[page] = true;
        }
        case 3 -> process.fork().exit();
        default -> {
          if (writable[page]) {
            expected[page] = step;
            cpu.storeLong(vaddr, step);
          }
        }
      }
      assertEquals(expected[page], cpu.loadLong(vaddr), "page " + page + " at step " + step);
    }
    process.leave(cpu);
  }

  /** Returns how many pages it moved. */
  private int movePages() {
    Cpu cpu = process.runOn(machine.cpu(1));
    Random random = new Random(43);
    int moved = 0;
    while (!over.get()) {
      long vaddr = start + random.nextInt(PAGES) * PAGE_SIZE;
      try {
        switch (process.movePage(vaddr)) {
          case MIGRATED -> moved++;
          case EAGAIN, ENOMEM -> {}
        }
        long _ = cpu.loadLong(vaddr);
      } catch (ErrnoException | SegvException e) {
        // just unmapped by the other thread
      }
    }
    process.leave(cpu);
    return moved;
  }
}
