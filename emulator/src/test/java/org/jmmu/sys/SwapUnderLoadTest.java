package org.jmmu.sys;

import static org.jmmu.mm.Mman.MADV_DONTNEED;
import static org.jmmu.mm.Mman.MADV_PAGEOUT;
import static org.jmmu.mm.Mman.MADV_WILLNEED;
import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.MREMAP_FIXED;
import static org.jmmu.mm.Mman.MREMAP_MAYMOVE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jmmu.filemap.MemoryBacking;
import org.jmmu.hw.Cpu;
import org.jmmu.swap.SwapHeader;
import org.jmmu.swap.SwapInfo;
import org.jmmu.types.Backing;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.SigbusException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * One thread changes an address space at random and checks every word that it reads, in a child as
 * well; another swaps its pages out, or switches swap off and on. Nothing may be lost.
 */
class SwapUnderLoadTest {
  private static final int RW = PROT_READ | PROT_WRITE;
  private static final int ANON = MAP_PRIVATE | MAP_ANONYMOUS;
  private static final int PAGES = 16;
  private static final int STEPS = 10_000;
  private static final int MINUTES = 3; // deadline of a whole test
  private static final long ELSEWHERE = 0x3000_0000_0000L;

  private final Machine machine = Machine.boot(MachineConfig.small().withFrames(512));
  private final Process process = machine.spawn();
  private final long start = process.mmap(PAGES * PAGE_SIZE, RW, ANON);
  private final long[] expected = new long[PAGES];
  private final AtomicBoolean over = new AtomicBoolean();
  private final AtomicInteger done = new AtomicInteger(); // by the other thread

  @AfterEach
  void nothingIsLeft() {
    machine.check();
    Cpu cpu = process.runOn(machine.cpu(0));
    for (int page = 0; page < PAGES; page++) {
      assertEquals(expected[page], cpu.loadLong(start + page * PAGE_SIZE));
    }
    process.leave(cpu);
    process.exit();
    machine.check();
    assertEquals(0, machine.kernel().framesInUse());
    machine.kernel().swapfile.areas().forEach(area -> assertEquals(0, area.inUsePages()));
    machine.close();
  }

  @Test
  void reclaim() throws Exception {
    SwapInfo _ = machine.swaponMemory(2 * PAGES);
    against(() -> done.addAndGet(machine.reclaim(4)));
  }

  @Test
  void pageoutOfItsOwn() throws Exception {
    SwapInfo area = machine.swaponMemory(PAGES); // now and then full
    Random random = new Random(7);
    against(
        () -> {
          long vaddr = start + random.nextInt(PAGES) * PAGE_SIZE;
          try {
            process.madvise(vaddr, PAGE_SIZE, random.nextBoolean() ? MADV_PAGEOUT : MADV_WILLNEED);
          } catch (ErrnoException e) {
            assertEquals(Errno.ENOMEM, e.errno()); // moved away just now
          }
          done.addAndGet(area.inUsePages());
        });
  }

  @Test
  void swapoff() throws Exception {
    against(
        () -> {
          SwapInfo area = machine.swaponMemory(2 * PAGES);
          int swapped = machine.reclaim(PAGES) + machine.reclaim(PAGES);
          machine.swapoff(area);
          done.addAndGet(swapped);
        });
  }

  @Test
  void reclaimAndMigration() throws Exception {
    SwapInfo _ = machine.swaponMemory(2 * PAGES);
    Random random = new Random(9);
    against(
        () -> {
          done.addAndGet(machine.reclaim(2));
          try {
            var _ = process.movePage(start + random.nextInt(PAGES) * PAGE_SIZE);
          } catch (ErrnoException e) {
            assertEquals(Errno.EFAULT, e.errno()); // nothing there
          }
        });
  }

  @Test
  void deviceThatFailsNowAndThen() throws Exception {
    UnreliableDevice device = new UnreliableDevice();
    SwapInfo _ = machine.swapon(device, UnreliableDevice.BYTES);
    device.reliable = false;
    against(() -> done.addAndGet(machine.reclaim(4)));
    device.reliable = true;
    assertTrue(device.errors.get() > 0, "no error happened");
  }

  private void against(Runnable other) throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      Future<?> others =
          threads.submit(
              () -> {
                while (!over.get()) {
                  other.run();
                }
              });
      Future<?> changes = threads.submit(() -> changeMemory(new Random(42)));
      try {
        changes.get(MINUTES, TimeUnit.MINUTES);
      } finally {
        over.set(true);
      }
      others.get(MINUTES, TimeUnit.MINUTES);
    }
    assertTrue(done.get() > 0, "nothing was ever swapped out");
  }

  private void changeMemory(Random random) {
    Cpu cpu = process.runOn(machine.cpu(0));
    for (int step = 1; step <= STEPS; step++) {
      int page = random.nextInt(PAGES);
      long vaddr = start + page * PAGE_SIZE;
      switch (random.nextInt(10)) {
        case 0 -> {
          process.munmap(vaddr, PAGE_SIZE);
          long _ = process.mmap(vaddr, PAGE_SIZE, RW, ANON | MAP_FIXED);
          expected[page] = 0;
        }
        case 1 -> {
          process.madvise(vaddr, PAGE_SIZE, MADV_DONTNEED);
          expected[page] = 0;
        }
        case 2 -> inAChild(page, step);
        case 3 -> {
          process.mprotect(vaddr, PAGE_SIZE, PROT_READ);
          process.mprotect(vaddr, PAGE_SIZE, RW);
        }
        case 4 -> {
          int flags = MREMAP_MAYMOVE | MREMAP_FIXED;
          long _ = process.mremap(vaddr, PAGE_SIZE, PAGE_SIZE, flags, ELSEWHERE);
          long _ = process.mremap(ELSEWHERE, PAGE_SIZE, PAGE_SIZE, flags, vaddr);
        }
        default -> {
          expected[page] = step;
          store(cpu, vaddr, step);
        }
      }
      page = random.nextInt(PAGES);
      assertEquals(
          expected[page], load(cpu, start + page * PAGE_SIZE), "page " + page + ", step " + step);
    }
    process.leave(cpu);
  }

  private void inAChild(int page, int step) {
    Process child = process.fork();
    Cpu cpu = child.runOn(machine.cpu(1));
    for (int each = 0; each < PAGES; each++) {
      assertEquals(expected[each], load(cpu, start + each * PAGE_SIZE), "in a child: " + each);
    }
    store(cpu, start + page * PAGE_SIZE, -step); // must not show in the parent
    child.leave(cpu);
    child.exit();
  }

  /** Again and again while the device fails. */
  private static long load(Cpu cpu, long vaddr) {
    while (true) {
      try {
        return cpu.loadLong(vaddr);
      } catch (SigbusException e) {
        assertEquals(vaddr, e.vaddr());
      }
    }
  }

  private static void store(Cpu cpu, long vaddr, long value) {
    while (true) {
      try {
        cpu.storeLong(vaddr, value);
        return;
      } catch (SigbusException e) {
        assertEquals(vaddr, e.vaddr());
      }
    }
  }

  /** Every third read or write fails. */
  private static final class UnreliableDevice implements Backing {
    static final int BYTES = 64 * (int) PAGE_SIZE;

    private final MemoryBacking memory =
        new MemoryBacking(Arrays.copyOf(SwapHeader.ofPages(64, "bad").toPage(), BYTES));
    final AtomicInteger errors = new AtomicInteger();
    private final AtomicInteger calls = new AtomicInteger();
    volatile boolean reliable = true;

    @Override
    public void readFolio(long index, long addr) throws IOException {
      work();
      memory.readFolio(index, addr);
    }

    @Override
    public void writeFolio(long index, long addr, int bytes) throws IOException {
      work();
      memory.writeFolio(index, addr, bytes);
    }

    private void work() throws IOException {
      if (calls.incrementAndGet() % 3 == 0 && !reliable) {
        errors.incrementAndGet();
        throw new IOException("now and then");
      }
    }

    @Override
    public void setSize(long bytes) {}

    @Override
    public void punchHole(long start, long end) {}

    @Override
    public void sync() {}

    @Override
    public void close() {}
  }
}
