package org.jmmu.sys;

import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.MAP_SHARED;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jmmu.filemap.OpenMode;
import org.jmmu.hw.Cpu;
import org.jmmu.mm.Fault;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Each kind of memory against each way to come to share it: a process sees its own bytes, and those
 * that were there when it was forked; all of them only where the mapping is shared.
 */
class CopyOnWriteTest {
  private static final int RW = PROT_READ | PROT_WRITE;
  private static final int ROUNDS = 300;
  private static final int MINUTES = 2; // deadline of a test

  private enum Memory {
    ANONYMOUS,
    ZERO_PAGE,
    PRIVATE_FILE,
    PRIVATE_FILE_COPIED,
    PRIVATE_MEMFD,
    SHARED_ANONYMOUS,
    SHARED_FILE,
    SHARED_MEMFD;

    boolean isShared() {
      return name().startsWith("SHARED");
    }

    /** Maps one page, in the state that the constant names. */
    long map(Machine machine, Process process, Cpu cpu) {
      int flags = isShared() ? MAP_SHARED : MAP_PRIVATE;
      long vaddr =
          switch (this) {
            case ANONYMOUS, ZERO_PAGE, SHARED_ANONYMOUS ->
                process.mmap(PAGE_SIZE, RW, flags | MAP_ANONYMOUS);
            case PRIVATE_FILE, PRIVATE_FILE_COPIED, SHARED_FILE -> {
              int fd =
                  process.install(
                      machine.files().openInMemory("/f", new byte[4096], OpenMode.O_RDWR));
              yield process.mmap(0, PAGE_SIZE, RW, flags, fd, 0);
            }
            case PRIVATE_MEMFD, SHARED_MEMFD -> {
              int fd = process.memfdCreate("m", 0);
              process.ftruncate(fd, PAGE_SIZE);
              yield process.mmap(0, PAGE_SIZE, RW, flags, fd, 0);
            }
          };
      switch (this) {
        case ANONYMOUS, PRIVATE_FILE_COPIED, SHARED_ANONYMOUS, SHARED_FILE, SHARED_MEMFD ->
            cpu.storeLong(vaddr, 0);
        default -> {
          long _ = cpu.loadLong(vaddr);
        }
      }
      return vaddr;
    }
  }

  private enum Sharing {
    FORKED {
      @Override
      List<Process> children(Process parent, long vaddr) {
        return List.of(parent.fork());
      }
    },
    FORKED_TWICE {
      @Override
      List<Process> children(Process parent, long vaddr) {
        Process child = parent.fork();
        return List.of(child, child.fork());
      }
    },
    PROTECTED_AND_BACK {
      @Override
      List<Process> children(Process parent, long vaddr) {
        parent.mprotect(vaddr, PAGE_SIZE, PROT_READ);
        Process child = parent.fork();
        parent.mprotect(vaddr, PAGE_SIZE, RW);
        child.mprotect(vaddr, PAGE_SIZE, RW);
        return List.of(child);
      }
    },
    CHILD_GONE {
      @Override
      List<Process> children(Process parent, long vaddr) {
        parent.fork().exit();
        return List.of();
      }
    };

    abstract List<Process> children(Process parent, long vaddr);
  }

  @TestFactory
  List<DynamicTest> nobodySeesTheOthersBytes() {
    List<DynamicTest> tests = new ArrayList<>();
    for (Memory memory : Memory.values()) {
      for (Sharing sharing : Sharing.values()) {
        for (Fault.Locking locking : Fault.Locking.values()) {
          String name = memory + " " + sharing + " " + locking;
          tests.add(DynamicTest.dynamicTest(name, () -> inTurn(memory, sharing, locking)));
        }
      }
      tests.add(DynamicTest.dynamicTest(memory + " at once", () -> atOnce(memory)));
    }
    return tests;
  }

  private static void inTurn(Memory memory, Sharing sharing, Fault.Locking locking) {
    try (Machine machine = Machine.boot(MachineConfig.small().withFaultLocking(locking))) {
      Process parent = machine.spawn();
      Cpu cpu = parent.runOn(machine.cpu(0));
      long vaddr = memory.map(machine, parent, cpu);
      List<Process> all = new ArrayList<>();
      all.add(parent);
      all.addAll(sharing.children(parent, vaddr));
      long[] expected = new long[all.size()];
      for (int writer : new int[] {all.size() - 1, 0, all.size() - 1, 0}) {
        long value = expected[writer] + 1 + writer * 100L;
        all.get(writer).runOn(machine.cpu(1)).storeLong(vaddr, value);
        for (int each = 0; each < expected.length; each++) {
          expected[each] = memory.isShared() || each == writer ? value : expected[each];
          assertEquals(expected[each], all.get(each).runOn(machine.cpu(1)).loadLong(vaddr));
        }
        machine.check();
      }
      finish(machine, all);
    }
  }

  /** A second thread of the parent writes while the parent forks and its children write. */
  private static void atOnce(Memory memory) throws Exception {
    try (Machine machine = Machine.boot(MachineConfig.small().withCpus(3));
        ExecutorService thread = Executors.newSingleThreadExecutor()) {
      Process parent = machine.spawn();
      Cpu cpu = parent.runOn(machine.cpu(0));
      long vaddr = memory.map(machine, parent, cpu);
      AtomicBoolean over = new AtomicBoolean();
      Future<Long> writer = thread.submit(() -> countUp(machine, parent, vaddr, over));
      try {
        long last = 0;
        for (int round = 0; round < ROUNDS; round++) {
          Process child = parent.fork();
          Cpu childCpu = child.runOn(machine.cpu(1));
          long seen = childCpu.loadLong(vaddr);
          if (memory.isShared()) {
            assertEquals(true, seen >= last, "a write was lost");
          } else {
            assertEquals(seen, childCpu.loadLong(vaddr), "the parent's bytes in the child");
            childCpu.storeLong(vaddr, -1);
            assertEquals(-1, childCpu.loadLong(vaddr));
          }
          assertEquals(true, seen >= last, "an old page");
          last = seen;
          child.exit();
        }
      } finally {
        over.set(true); // else closing the executor would wait for ever
      }
      long written = writer.get(MINUTES, TimeUnit.MINUTES);
      assertEquals(written, cpu.loadLong(vaddr));
      finish(machine, List.of(parent));
    }
  }

  private static long countUp(Machine machine, Process process, long vaddr, AtomicBoolean over) {
    Cpu cpu = process.runOn(machine.cpu(2));
    long value = 0;
    while (!over.get()) {
      cpu.storeLong(vaddr, ++value);
      assertEquals(value, cpu.loadLong(vaddr), "somebody else's bytes");
    }
    process.leave(cpu);
    return value;
  }

  private static void finish(Machine machine, List<Process> all) {
    all.forEach(Process::exit);
    machine.check();
    assertEquals(0, machine.kernel().framesInUse());
  }
}
