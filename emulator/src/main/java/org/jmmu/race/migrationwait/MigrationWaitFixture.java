package org.jmmu.race.migrationwait;

import static java.util.Objects.requireNonNull;
import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.jmmu.check.Violation;
import org.jmmu.hw.Cpu;
import org.jmmu.migrate.MigratePages;
import org.jmmu.race.MachineScenario;
import org.jmmu.race.migrationwait.MigrationWaitVariant.Walks;
import org.jmmu.rmap.VmaAdjustProtocol;
import org.jmmu.sched.DeadlockException;
import org.jmmu.sched.Scenario;
import org.jmmu.sys.Machine;
import org.jmmu.sys.MachineConfig;
import org.jmmu.sys.Process;
import org.jmmu.types.KernelBug;
import org.jmmu.types.SigbusException;
import org.jspecify.annotations.Nullable;

/**
 * The smallest machine in which race migration-wait can be lost: a page, X, that is migrated by one
 * thread while another reads it, and a second process, which can take X's old frame for a page of
 * its own.
 */
public final class MigrationWaitFixture implements AutoCloseable {
  private static final int RW = PROT_READ | PROT_WRITE;
  private static final long CONTENT = 0x600d_c0de;
  private static final long CONTENT_OF_OTHER = 0x0bad_0bad;

  /** Faults in vain, after the migration has ended, that are taken for a livelock. */
  private static final int MOST_REFAULTS = 100;

  /** Reads of X that do not find the migration over. */
  private static final int MOST_READS = 1000;

  private static final VmaAdjustProtocol MISSING_WALK = MissingWalk.onRequest();

  // Made once: a stress test makes fixtures by the hundred thousand.
  private static final Map<MigrationWaitVariant, MachineConfig> CONFIGS = configs();

  private final Machine machine;
  private final Interleaving interleaving;
  private final Walks walks;
  private final Process process; // has X
  private final Process other; // may get X's old frame
  private final long vaddrOfX;
  private final long vaddrOfOther; // in REUSED, three pages, the first of which is there
  private final long pfnOfX; // isolated: migrate() drops the reference
  private volatile boolean migrationOver;
  private int refaults; // used by the reading thread alone

  private MigrationWaitFixture(Machine machine, Walks walks, Interleaving interleaving) {
    this.machine = machine;
    this.walks = walks;
    this.interleaving = interleaving;
    other = machine.spawn();
    if (interleaving == Interleaving.REUSED) {
      vaddrOfOther = other.mmap(3 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS);
      store(0, other, vaddrOfOther, CONTENT_OF_OTHER); // it has its page tables now
    } else {
      vaddrOfOther = 0;
    }
    process = machine.spawn();
    vaddrOfX = process.mmap(PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS);
    store(0, process, vaddrOfX, CONTENT);
    pfnOfX = process.isolatePage(vaddrOfX);
    if (interleaving == Interleaving.HELD) {
      process.isolatePage(vaddrOfX);
    }
  }

  /** Everything up to the point where the threads start. */
  public static MigrationWaitFixture of(MigrationWaitVariant variant, Interleaving interleaving) {
    return of(variant, variant.walks(), interleaving);
  }

  /** As {@link #of(MigrationWaitVariant, Interleaving)}, with the walks of another kernel. */
  public static MigrationWaitFixture of(
      MigrationWaitVariant variant, Walks walks, Interleaving interleaving) {
    return new MigrationWaitFixture(
        Machine.boot(requireNonNull(CONFIGS.get(variant))), walks, interleaving);
  }

  private static Map<MigrationWaitVariant, MachineConfig> configs() {
    Map<MigrationWaitVariant, MachineConfig> configs = new EnumMap<>(MigrationWaitVariant.class);
    for (MigrationWaitVariant variant : MigrationWaitVariant.values()) {
      configs.put(
          variant,
          MachineConfig.small()
              .withVmaAdjust(MISSING_WALK)
              .withMigrationWait(new RefaultWatch(variant.protocol())));
    }
    return configs;
  }

  /** The same as a scenario: M migrates, F reads. */
  static Scenario scenario(MigrationWaitVariant variant, Interleaving interleaving) {
    return new MachineScenario(
        interleaving.id(),
        () -> {
          MigrationWaitFixture fixture = of(variant, interleaving);
          AtomicReference<@Nullable Access> access = new AtomicReference<>();
          Map<String, Runnable> threads = new LinkedHashMap<>();
          threads.put("M", fixture::migrate);
          threads.put("F", () -> access.set(fixture.readOn()));
          return new MachineScenario.Run(
              fixture.machine,
              threads,
              () -> {
                String verdict = fixture.verdict();
                String read = "X reads " + access.get();
                String lost = verdict.equals("sound") ? "" : "; " + verdict;
                return access.get() == Access.OK && lost.isEmpty() ? "" : read + lost;
              });
        });
  }

  private void store(int cpuId, Process who, long vaddr, long value) {
    Cpu cpu = who.runOn(machine.cpu(cpuId));
    cpu.storeLong(vaddr, value);
    who.leave(cpu);
  }

  /** Actor M: moves X to another frame; lets the other process have the old one. */
  public MigratePages.Result migrate() {
    if (walks == Walks.MISS && interleaving != Interleaving.MET) {
      MissingWalk.missSecondWalk();
    }
    try {
      MigratePages.Result result = machine.migratePage(pfnOfX);
      if (interleaving == Interleaving.REUSED) {
        // Two pages: if walk 2 missed X, the frame it was to move to is free as well.
        store(1, other, vaddrOfOther + PAGE_SIZE, CONTENT_OF_OTHER);
        store(1, other, vaddrOfOther + 2 * PAGE_SIZE, CONTENT_OF_OTHER);
      }
      return result;
    } finally {
      MissingWalk.missNothing();
      migrationOver = true;
    }
  }

  /** Actor R, in HELD: drops the reference that made the migration fail. */
  public void dropReference() {
    machine.putPage(pfnOfX);
  }

  /** Actor F: reads X once. */
  public Access read() {
    return reading(1);
  }

  /** Actor F: reads X until the migration is over, and once more, or until a read goes wrong. */
  public Access readOn() {
    return reading(MOST_READS);
  }

  private Access reading(int mostReads) {
    Cpu cpu = process.runOn(machine.cpu(0));
    RefaultWatch.watch(this::refault);
    try {
      boolean last;
      int reads = 0;
      do {
        last = migrationOver || ++reads >= mostReads;
        if (cpu.loadLong(vaddrOfX) != CONTENT) {
          return Access.WRONG;
        }
      } while (!last);
      return Access.OK;
    } catch (KernelBug | IllegalStateException _) { // the latter: unlock of an unlocked page
      return Access.BUG;
    } catch (SigbusException _) {
      return Access.SIGBUS;
    } catch (RefaultWatch.Livelock _) {
      return Access.LIVELOCK;
    } catch (DeadlockException _) {
      return Access.DEADLOCK;
    } finally {
      RefaultWatch.watch(null);
      process.leave(cpu);
    }
  }

  private void refault() {
    if (migrationOver && ++refaults > MOST_REFAULTS) {
      throw new RefaultWatch.Livelock();
    }
  }

  /** What became of a read of X. */
  public enum Access {
    /** The bytes that were written before the migration. */
    OK,
    /** Other bytes: another process's. */
    WRONG,
    /** The kernel found its own state broken. */
    BUG,
    /** The process was killed. */
    SIGBUS,
    /** The same fault again and again, though no migration is under way. */
    LIVELOCK,
    /** The fault waits for ever. */
    DEADLOCK
  }

  /** {@code sound}, or what the oracles find. */
  public String verdict() {
    List<Violation> violations = violations();
    if (violations.isEmpty()) {
      return "sound";
    }
    return violations.stream()
        .map(violation -> violation.invariant().name())
        .distinct()
        .sorted()
        .collect(Collectors.joining("+"));
  }

  public List<Violation> violations() {
    return machine.violations();
  }

  @Override
  public void close() {
    machine.close();
  }
}
