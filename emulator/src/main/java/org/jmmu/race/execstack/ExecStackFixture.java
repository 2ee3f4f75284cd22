package org.jmmu.race.execstack;

import static java.util.Objects.requireNonNull;
import static org.jmmu.check.Violation.Invariant.NO_DANGLING_MIGRATION_ENTRY;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jmmu.check.Violation;
import org.jmmu.hw.Cpu;
import org.jmmu.hw.PteBits;
import org.jmmu.migrate.MigratePages;
import org.jmmu.mm.ExecImage;
import org.jmmu.mm.ExecStackProtocol;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.Mem;
import org.jmmu.race.MachineScenario;
import org.jmmu.sched.Deadline;
import org.jmmu.sched.DeadlockException;
import org.jmmu.sched.PausePoint;
import org.jmmu.sched.Scenario;
import org.jmmu.sys.Machine;
import org.jmmu.sys.MachineConfig;
import org.jmmu.sys.Process;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.KernelBug;
import org.jmmu.types.VmSysctl;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/**
 * The smallest machine in which race exec-stack can be lost: a process gets a new program, and one
 * of the two pages that hold its arguments, X, is migrated by another thread while execve moves
 * them to where the stack shall be.
 */
public final class ExecStackFixture implements AutoCloseable {
  private static final byte ARGUMENT = 7;
  private static final long ARGUMENTS = 0x0707_0707_0707_0707L; // eight bytes of them
  private static final long PMD_SIZE = PteBits.size(PteBits.LEVEL_PMD);

  /** Upper page first in its page table, lower page last in the one before it; both are new. */
  private static final long FAR_TOP = (ExecImage.STACK_TOP & -PMD_SIZE) - PMD_SIZE + PAGE_SIZE;

  private static final long NEAR_TOP = ExecImage.STACK_TOP - 3 * PAGE_SIZE;
  private static final long LONG_TOP = ExecImage.STACK_TOP - 4 * PMD_SIZE;
  private static final long LONG_PAGES = 2 * PMD_SIZE / PAGE_SIZE;

  /**
   * Frame 0, the zero page, the old program's top-level table; then the new one's, three tables
   * below it and two pages. Two are left for the move, and for the migration, which takes one of
   * them for a while.
   */
  private static final int SHORT_FRAMES = 3 + 6 + 2;

  // Made once: a stress test makes fixtures by the hundred thousand.
  private static final Map<Interleaving, ExecImage> IMAGES =
      forEach(Interleaving.class, ExecStackFixture::image);
  private static final Map<ExecStackVariant, Map<Interleaving, MachineConfig>> CONFIGS =
      forEach(
          ExecStackVariant.class,
          variant -> forEach(Interleaving.class, interleaving -> config(variant, interleaving)));

  /** Longer than an execve takes: on a busy host, whoever yields is away for a hundred samples. */
  private static final int MOST_SPINS = 5000;

  private final Machine machine;
  private final Process process;
  private final ExecImage image;
  private final boolean isUpper; // whether X is the upper page
  private volatile long pfnOfX; // isolated: migrate() drops the reference; 0: not built yet

  private ExecStackFixture(MachineConfig config, Interleaving interleaving) {
    machine = Machine.boot(config);
    if (interleaving == Interleaving.SHORT) {
      // Else execve finds that there is no memory for a stack to grow into.
      machine.sysctl().overcommitMemory = VmSysctl.OVERCOMMIT_ALWAYS;
    }
    process = machine.spawn();
    isUpper = interleaving == Interleaving.SHORT;
    image = requireNonNull(IMAGES.get(interleaving));
  }

  /** The new program: arguments, and nothing else. */
  static ExecImage image(Interleaving interleaving) {
    long pages = interleaving == Interleaving.LONG ? LONG_PAGES : 2;
    int bytes = (int) ((pages - 1) * PAGE_SIZE) + 100;
    String argument = String.valueOf((char) ARGUMENT).repeat(bytes - 1);
    return new ExecImage(List.of(), List.of(argument), stackTop(interleaving));
  }

  private static long stackTop(Interleaving interleaving) {
    return switch (interleaving) {
      case NEAR -> NEAR_TOP;
      case FAR, SHORT -> FAR_TOP;
      case LONG -> LONG_TOP;
    };
  }

  /** Everything up to the point where the threads start. */
  public static ExecStackFixture of(ExecStackVariant variant, Interleaving interleaving) {
    Map<Interleaving, MachineConfig> configs = requireNonNull(CONFIGS.get(variant));
    return new ExecStackFixture(requireNonNull(configs.get(interleaving)), interleaving);
  }

  /** The same as a scenario: W gives the process its new program, M migrates. */
  static Scenario scenario(ExecStackVariant variant, Interleaving interleaving) {
    return new MachineScenario(
        interleaving.id(),
        () -> {
          ExecStackFixture fixture = of(variant, interleaving);
          AtomicReference<@Nullable Outcome> outcome = new AtomicReference<>();
          Map<String, Runnable> threads = new LinkedHashMap<>();
          threads.put(
              "W",
              () -> outcome.set(fixture.execWatched(() -> PausePoint.offer("execStack.isolated"))));
          threads.put("M", fixture::migrate);
          return new MachineScenario.Run(
              fixture.machine, threads, () -> fixture.judge(outcome.get()));
        });
  }

  private String judge(@Nullable Outcome outcome) {
    String verdict = verdict();
    if (!verdict.equals("sound") || outcome == Outcome.ENOMEM) {
      return verdict.equals("sound") ? "" : verdict;
    }
    Content content = readArguments();
    return content == Content.OK ? "" : "the arguments read " + content;
  }

  private static MachineConfig config(ExecStackVariant variant, Interleaving interleaving) {
    MachineConfig config = variant.applyTo(MachineConfig.small());
    config = config.withExecStack(new ShiftWatch(config.protocol(ExecStackProtocol.class)));
    return switch (interleaving) {
      case NEAR, FAR -> config;
      case SHORT -> config.withFrames(SHORT_FRAMES);
      case LONG -> config.withFrames((int) (2 * LONG_PAGES));
    };
  }

  private static <K extends Enum<K>, V> Map<K, V> forEach(Class<K> keys, Function<K, V> value) {
    Map<K, V> map = new EnumMap<>(keys);
    for (K key : keys.getEnumConstants()) {
      map.put(key, value.apply(key));
    }
    return map;
  }

  /** Actor W: gives the process its new program. */
  public Outcome exec() {
    return exec(0);
  }

  /**
   * As {@link #exec()}.
   *
   * @param spins how long W holds back when there is a page X: M has some way to go to its walks
   */
  public Outcome exec(int spins) {
    return execWatched(
        () -> {
          for (int i = 0; i < spins; i++) {
            Thread.onSpinWait();
          }
        });
  }

  private Outcome execWatched(Runnable onceThereIsX) {
    ShiftWatch.watch(
        (parts, vma) -> {
          isolateX(parts, vma);
          onceThereIsX.run();
        });
    try {
      process.execve(image);
      return Outcome.DONE;
    } catch (ErrnoException e) {
      if (e.errno() != Errno.ENOMEM) {
        throw e;
      }
      return Outcome.ENOMEM;
    } finally {
      ShiftWatch.watch(null);
    }
  }

  /** How execve ended. */
  public enum Outcome {
    /** The new program is there. */
    DONE,
    /** The old one still is. */
    ENOMEM
  }

  private void isolateX(ExecStackProtocol.Parts parts, Vma vma) {
    long vaddr = isUpper ? vma.vmEndGetOpaque() - PAGE_SIZE : vma.vmStartGetOpaque();
    long pteAddr = parts.tables().pteOffset(vma.mm, vaddr);
    long pfn = Pte.pfn(Mem.longGetOpaque(pteAddr)); // nobody else knows of the page yet
    parts.frames().get(pfn);
    pfnOfX = pfn;
  }

  /** Actor M: moves X to another frame, as compaction does, as soon as there is a page X. */
  @SuppressWarnings("ThreadPriorityCheck") // yields to an execve that was descheduled
  public MigratePages.Result migrate() {
    Deadline deadline = Deadline.start();
    long pfn;
    for (int spins = 0; (pfn = pfnOfX) == 0; spins++) {
      if (PausePoint.blocked("page X")) {
        continue;
      }
      if (spins < MOST_SPINS) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
      }
      if (deadline.hasPassed()) {
        throw new DeadlockException("execve has not come to the move of the stack");
      }
    }
    PausePoint.unblocked();
    return machine.migratePage(pfn);
  }

  public List<Violation> violations() {
    return machine.violations();
  }

  /**
   * The oracles in one word for the outcome table: {@code sound}, {@code dangling} for one dangling
   * migration entry and nothing else, or the violations themselves.
   */
  public String verdict() {
    List<Violation> violations = machine.violations();
    if (violations.isEmpty()) {
      return "sound";
    }
    boolean dangling =
        violations.size() == 1 && violations.getFirst().invariant() == NO_DANGLING_MIGRATION_ENTRY;
    return dangling ? "dangling" : violations.toString();
  }

  /** Where X is once the new program is there. */
  public long vaddrOfX() {
    return (process.mm().startStack & -PAGE_SIZE) + (isUpper ? PAGE_SIZE : 0);
  }

  /** Reads the new program's arguments, in both pages. */
  public Content readArguments() {
    Cpu cpu = process.runOn(machine.cpu(0));
    try {
      long vaddr = process.mm().startStack;
      boolean right =
          cpu.loadLong(vaddr) == ARGUMENTS && cpu.loadLong(vaddr + PAGE_SIZE) == ARGUMENTS;
      return right ? Content.OK : Content.WRONG;
    } catch (KernelBug e) {
      return Content.BUG;
    } finally {
      process.leave(cpu);
    }
  }

  /** What a read of the arguments finds. */
  public enum Content {
    /** What execve was given. */
    OK,
    /** Other bytes. */
    WRONG,
    /** A migration entry for a page that is not locked: the kernel stops here. */
    BUG
  }

  public long framesInUse() {
    return machine.framesInUse();
  }

  @Override
  public void close() {
    machine.close();
  }
}
