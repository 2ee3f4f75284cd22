package org.jmmu.race.mpxunmap;

import static org.jmmu.check.Violation.Invariant.BOUNDS_DIRECTORY;
import static org.jmmu.mm.Mman.MADV_PAGEOUT;
import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_FIXED_NOREPLACE;
import static org.jmmu.mm.Mman.MAP_NORESERVE;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
import static org.jmmu.phys.PhysMemory.PAGE_MASK;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jmmu.check.Violation;
import org.jmmu.hw.BoundsGeometry;
import org.jmmu.hw.BoundsUnit;
import org.jmmu.hw.Cpu;
import org.jmmu.mm.Fault;
import org.jmmu.mpx.BoundsTables;
import org.jmmu.mpx.MpxUnmapProtocol;
import org.jmmu.race.MachineScenario;
import org.jmmu.sched.DeadlockException;
import org.jmmu.sched.Scenario;
import org.jmmu.sys.Machine;
import org.jmmu.sys.MachineConfig;
import org.jmmu.sys.Process;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.SegvException;
import org.jmmu.types.Vma;

/**
 * The smallest machine in which race mpx-unmap can be lost: a process with one page of data, D,
 * whose bounds are in a table, and two threads.
 *
 * <pre>
 *   directory ....   table (4 MiB) ....   E       N       D
 *                                         |       |       `- top of the address space
 *                                         |       `- neighbour, in 4-C and 4-E
 *                                         `- mapped by U
 * </pre>
 */
public final class MpxUnmapFixture implements AutoCloseable {
  private static final int RW = PROT_READ | PROT_WRITE;
  private static final int ANON = MAP_PRIVATE | MAP_ANONYMOUS;
  private static final long DIRECTORY = 1L << 40;
  private static final int FRAMES = 1536;
  private static final int SWAP_PAGES = 16;
  private static final BoundsGeometry GEOMETRY = BoundsGeometry.BITS_64;
  private static final long PATTERN = 0x5afe_5afe_5afe_5afeL;

  /** Pointers that are stored, each with bounds of its own. */
  private static final long OLD = 0x1000;

  private static final long NEW = 0x2000;

  private final Interleaving interleaving;
  private final Machine machine;
  private final Process process;
  private final long dataD;
  private final long dataN;
  private final long dataE;
  private final long tableOfD;
  private final boolean exists;
  private volatile boolean storedByM;
  private volatile boolean storedByU;
  private volatile boolean patternAtTable;
  private volatile boolean deadlocked;

  private MpxUnmapFixture(MachineConfig config, Interleaving interleaving) {
    this.interleaving = interleaving;
    machine = Machine.boot(config.withFrames(FRAMES));
    process = machine.spawn();
    dataD = process.mmap(PAGE_SIZE, RW, ANON);
    dataN = dataD - 8 * PAGE_SIZE;
    dataE = dataD - 16 * PAGE_SIZE;
    long bytes = GEOMETRY.directoryBytes();
    long _ = process.mmap(DIRECTORY, bytes, RW, ANON | MAP_NORESERVE | MAP_FIXED_NOREPLACE);
    Cpu cpu = run(0);
    exists = enable(cpu);
    if (!exists) {
      tableOfD = 0;
      process.leave(cpu);
      return;
    }
    switch (interleaving) {
      case TWO_FAULTS -> map(dataN);
      case PLACE_REUSED -> {
        map(dataN);
        store(cpu, dataN, OLD);
        store(cpu, dataD, OLD);
      }
      case COLD -> {
        var _ = machine.swaponMemory(SWAP_PAGES);
        store(cpu, dataD, OLD);
      }
      default -> store(cpu, dataD, OLD);
    }
    tableOfD = GEOMETRY.tableAddr(cpu.loadLong(entryOf(dataD)));
    process.leave(cpu);
  }

  /** Everything up to the point where the two threads start. */
  public static MpxUnmapFixture of(MpxUnmapVariant variant, Interleaving interleaving) {
    return new MpxUnmapFixture(variant.applyTo(MachineConfig.small()), interleaving);
  }

  /** For protocols that no kernel had. */
  static MpxUnmapFixture of(MpxUnmapProtocol protocol, Interleaving interleaving) {
    MachineConfig config = MachineConfig.small().with(MpxUnmapProtocol.class, protocol);
    return new MpxUnmapFixture(config.withFaultLocking(Fault.Locking.MMAP_LOCK), interleaving);
  }

  /** Stores the first bounds of a span that nothing else is in, on the second CPU. */
  void storeElsewhere() {
    Cpu cpu = run(1);
    long vaddr = DIRECTORY >>> 1;
    map(vaddr);
    store(cpu, vaddr, NEW);
    process.leave(cpu);
  }

  private Cpu run(int id) {
    Cpu cpu = process.runOn(machine.cpu(id));
    cpu.bounds().writeBndcfgu(DIRECTORY | BoundsUnit.BNDCFG_ENABLE);
    return cpu;
  }

  /** Whether the kernel has MPX. */
  private boolean enable(Cpu cpu) {
    try {
      process.mpxEnableManagement(cpu);
      return true;
    } catch (ErrnoException e) {
      return false;
    }
  }

  private void map(long vaddr) {
    long _ = process.mmap(vaddr, PAGE_SIZE, RW, ANON | MAP_FIXED_NOREPLACE);
  }

  private static long entryOf(long vaddr) {
    return DIRECTORY + GEOMETRY.directoryOffset(vaddr);
  }

  /** Keeps a pointer at {@code vaddr}, and its bounds in the table. */
  private static void store(Cpu cpu, long vaddr, long pointer) {
    cpu.storeLong(vaddr, pointer);
    cpu.bounds().bndmk(0, pointer, pointer + 0xff);
    cpu.bounds().bndstx(0, vaddr, pointer);
  }

  private static boolean hasBounds(Cpu cpu, long vaddr, long pointer) {
    cpu.bounds().bndldx(1, vaddr, pointer);
    return cpu.bounds().lower(1) == pointer && cpu.bounds().upper(1) == pointer + 0xff;
  }

  /** Actor M: unmaps D, or stores the first bounds of D's span. */
  public void actM() {
    guard(
        () -> {
          if (exists && interleaving == Interleaving.TWO_FAULTS) {
            Cpu cpu = run(0);
            store(cpu, dataD, OLD);
            storedByM = true;
            process.leave(cpu);
          } else {
            process.munmap(dataD, PAGE_SIZE);
          }
        });
  }

  /** Actor U. */
  public void actU() {
    guard(
        () -> {
          Cpu cpu = run(1);
          if (exists) {
            actU(cpu);
          } else {
            touch(cpu);
          }
          process.leave(cpu);
        });
  }

  private void actU(Cpu cpu) {
    switch (interleaving) {
      case COLD -> process.madvise(entryOf(dataD) & PAGE_MASK, PAGE_SIZE, MADV_PAGEOUT);
      case TWO_FAULTS -> storeAtNew(cpu, dataN);
      case NEW_NEIGHBOUR -> {
        map(dataE);
        storeAtNew(cpu, dataE);
      }
      case PLACE_REUSED -> {
        if (isFree(dataD, PAGE_SIZE)) {
          storeAtNew(cpu, dataD);
        }
      }
      case TABLE_REUSED -> {
        if (isFree(tableOfD, GEOMETRY.tableBytes())) {
          cpu.storeLong(tableOfD + GEOMETRY.tableOffset(dataE), PATTERN);
          patternAtTable = true;
          map(dataE);
          storeAtNew(cpu, dataE);
        }
      }
      case ALONE -> touch(cpu);
    }
  }

  private void touch(Cpu cpu) {
    try {
      cpu.storeLong(dataD + 64, 1);
    } catch (SegvException e) {
      // it was unmapped before
    }
  }

  private void storeAtNew(Cpu cpu, long vaddr) {
    store(cpu, vaddr, NEW);
    storedByU = true;
  }

  /** Whether the range was free, and is mapped now. */
  private boolean isFree(long vaddr, long bytes) {
    try {
      long _ = process.mmap(vaddr, bytes, RW, ANON | MAP_NORESERVE | MAP_FIXED_NOREPLACE);
      return true;
    } catch (ErrnoException e) {
      return false;
    }
  }

  /** mmap_lock refuses at once what would wait for the thread itself. */
  private void guard(Runnable action) {
    try {
      action.run();
    } catch (DeadlockException e) {
      deadlocked = true;
    } catch (IllegalStateException e) {
      if (!String.valueOf(e.getMessage()).contains("taken again by the same thread")) {
        throw e;
      }
      deadlocked = true;
    }
  }

  /** The same as a scenario: M unmaps, U works beside it. */
  static Scenario scenario(MpxUnmapVariant variant, Interleaving interleaving) {
    return new MachineScenario(
        interleaving.id(),
        () -> {
          MpxUnmapFixture fixture = of(variant, interleaving);
          Map<String, Runnable> threads = new LinkedHashMap<>();
          threads.put("M", fixture::actM);
          threads.put("U", fixture::actU);
          return new MachineScenario.Run(
              fixture.machine,
              threads,
              () -> {
                String verdict = fixture.verdict();
                return variant.allows(verdict) ? "" : verdict;
              });
        });
  }

  /** What the oracles find broken. */
  public List<Violation> violations() {
    return machine.violations();
  }

  /**
   * How it ended, in one word: {@code sound}; {@code deadlock}; {@code dangling}, a directory entry
   * that names something else than a table; {@code torn}, another invariant broke; {@code absent},
   * the kernel has no MPX; {@code lost}, the bounds of a live pointer; {@code leak}, a table that
   * is for nothing.
   */
  public String verdict() {
    if (deadlocked) {
      return "deadlock";
    }
    if (!exists) {
      return machine.violations().isEmpty() ? "absent" : "torn";
    }
    List<Violation> violations = machine.violations();
    if (!violations.isEmpty()) {
      boolean dangling =
          violations.stream().anyMatch(violation -> violation.invariant() == BOUNDS_DIRECTORY);
      return dangling ? "dangling" : "torn";
    }
    Cpu cpu = run(0);
    boolean lost = isLost(cpu);
    process.leave(cpu);
    return lost ? "lost" : leakedTables() > 0 ? "leak" : "sound";
  }

  private boolean isLost(Cpu cpu) {
    long storedAt =
        switch (interleaving) {
          case TWO_FAULTS -> dataN;
          case PLACE_REUSED -> dataD;
          default -> dataE;
        };
    return (storedByU && !hasBounds(cpu, storedAt, NEW))
        || (storedByM && !hasBounds(cpu, dataD, OLD))
        || (interleaving == Interleaving.PLACE_REUSED && !hasBounds(cpu, dataN, OLD))
        || (patternAtTable && cpu.loadLong(tableOfD + GEOMETRY.tableOffset(dataE)) != PATTERN);
  }

  /** Tables that are there although nothing is mapped where they are for. */
  public long leakedTables() {
    Mm mm = process.mm();
    long bytes = 0;
    for (Vma vma : mm.vmas.snapshot()) {
      bytes += BoundsTables.isTable(vma) ? vma.vmEndGetOpaque() - vma.vmStartGetOpaque() : 0;
    }
    boolean data = BoundsTables.hasNeighbour(mm, dataD, dataD, dataD, BoundsTables.Neighbours.DATA);
    return bytes / GEOMETRY.tableBytes() - (data ? 1 : 0);
  }

  @Override
  public void close() {
    machine.close();
  }
}
