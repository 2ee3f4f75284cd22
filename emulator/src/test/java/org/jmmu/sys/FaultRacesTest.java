package org.jmmu.sys;

import static org.jmmu.mm.Mman.FALLOC_FL_KEEP_SIZE;
import static org.jmmu.mm.Mman.FALLOC_FL_PUNCH_HOLE;
import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.MAP_SHARED;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.jmmu.hw.Cpu;
import org.jmmu.mm.Fault;
import org.jmmu.types.SegvException;
import org.jmmu.types.SigbusException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One thread faults, another takes away what it faults on. Nothing may be lost or left. */
class FaultRacesTest {
  private static final int RW = PROT_READ | PROT_WRITE;
  private static final int ANON = MAP_PRIVATE | MAP_ANONYMOUS;
  private static final int PAGES = 4;
  private static final int ROUNDS = 3000;
  private static final int MINUTES = 2; // deadline of a test

  /** Runs {@code change} while a thread stores to random pages of each mapping. */
  private static void race(Machine machine, Process process, long[] mappings, IntConsumer change)
      throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    AtomicInteger stores = new AtomicInteger();
    try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
      Future<?> faulter =
          thread.submit(
              () -> {
                Cpu cpu = process.runOn(machine.cpu(1));
                Random random = new Random(7);
                while (!over.get()) {
                  store(cpu, random, mappings, stores);
                }
                process.leave(cpu);
              });
      try {
        for (int round = 0; round < ROUNDS || stores.get() == 0; round++) {
          change.accept(round);
        }
      } finally {
        over.set(true);
      }
      faulter.get(MINUTES, TimeUnit.MINUTES);
    }
    assertTrue(stores.get() > 0, "no store ever succeeded");
    machine.check();
    process.exit();
    machine.check();
    assertEquals(0, machine.kernel().framesInUse());
    machine.close();
  }

  private static void store(Cpu cpu, Random random, long[] mappings, AtomicInteger stores) {
    long vaddr = mappings[random.nextInt(mappings.length)] + random.nextInt(PAGES) * PAGE_SIZE + 8;
    try {
      if (random.nextBoolean()) {
        cpu.storeLong(vaddr, vaddr);
      } else {
        long found = cpu.loadLong(vaddr);
        assertTrue(found == 0 || found % PAGE_SIZE == 8, "bytes of another page");
      }
      stores.incrementAndGet();
    } catch (SegvException | SigbusException e) {
      // just taken away
    }
  }

  @ParameterizedTest
  @EnumSource
  void munmapAndMprotectAgainstFaults(Fault.Locking locking) throws Exception {
    Machine machine = Machine.boot(MachineConfig.small().withFrames(128).withFaultLocking(locking));
    Process process = machine.spawn();
    long vaddr = process.mmap(PAGES * PAGE_SIZE, RW, ANON);
    Random random = new Random(1);
    race(
        machine,
        process,
        new long[] {vaddr},
        round -> {
          long at = vaddr + random.nextInt(PAGES) * PAGE_SIZE;
          switch (random.nextInt(3)) {
            case 0 -> process.munmap(at, PAGE_SIZE);
            case 1 -> {
              long _ = process.mmap(at, PAGE_SIZE, RW, ANON | MAP_FIXED);
            }
            default -> {
              long _ = process.mmap(at, PAGE_SIZE, RW, ANON | MAP_FIXED);
              process.mprotect(at, PAGE_SIZE, round % 2 == 0 ? PROT_READ : RW);
            }
          }
        });
  }

  @ParameterizedTest
  @EnumSource
  void truncationAndHolesAgainstFaults(Fault.Locking locking) throws Exception {
    Machine machine = Machine.boot(MachineConfig.small().withFrames(128).withFaultLocking(locking));
    Process process = machine.spawn();
    int fd = process.memfdCreate("m", 0);
    process.ftruncate(fd, PAGES * PAGE_SIZE);
    long shared = process.mmap(0, PAGES * PAGE_SIZE, RW, MAP_SHARED, fd, 0);
    long copy = process.mmap(0, PAGES * PAGE_SIZE, RW, MAP_PRIVATE, fd, 0);
    Random random = new Random(2);
    race(
        machine,
        process,
        new long[] {shared, copy},
        round -> {
          switch (random.nextInt(3)) {
            case 0 -> process.ftruncate(fd, random.nextInt(PAGES) * PAGE_SIZE);
            case 1 -> process.ftruncate(fd, PAGES * PAGE_SIZE);
            default ->
                process.fallocate(
                    fd,
                    FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                    random.nextInt(PAGES) * PAGE_SIZE,
                    PAGE_SIZE);
          }
        });
  }
}
