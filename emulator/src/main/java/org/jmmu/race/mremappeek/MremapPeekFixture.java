package org.jmmu.race.mremappeek;

import static org.jmmu.check.Violation.Invariant.NO_DANGLING_MIGRATION_ENTRY;
import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.MREMAP_FIXED;
import static org.jmmu.mm.Mman.MREMAP_MAYMOVE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jmmu.check.Violation;
import org.jmmu.hw.Cpu;
import org.jmmu.migrate.MigratePages;
import org.jmmu.race.MachineScenario;
import org.jmmu.sched.Scenario;
import org.jmmu.sys.Machine;
import org.jmmu.sys.MachineConfig;
import org.jmmu.sys.Process;
import org.jmmu.types.KernelBug;

/**
 * The smallest machine in which race mremap-peek can be lost: a page, X, that is migrated by one
 * thread while another moves it to another address.
 *
 * <pre>
 *   page   0   2   10  12
 *          ..X.                  one VMA
 *            X.  ..              its lower half has moved: that VMA is the older one on the list
 *             .  ..X   BEFORE    X has followed it
 *             .  ..  X BEHIND    X has a VMA of its own
 * </pre>
 */
public final class MremapPeekFixture implements AutoCloseable {
  private static final int RW = PROT_READ | PROT_WRITE;
  private static final int MOVE = MREMAP_MAYMOVE | MREMAP_FIXED;
  private static final long BASE = 1L << 32;
  private static final long CONTENT = 0x600d_c0de;

  private final Machine machine;
  private final Process process;
  private final long newVaddrOfX;
  private final long pfnOfX; // isolated: migrate() drops the reference

  private MremapPeekFixture(MachineConfig config, Interleaving interleaving) {
    machine = Machine.boot(config);
    process = machine.spawn();
    long _ = process.mmap(at(0), 4 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS);
    Cpu cpu = process.runOn(machine.cpu(0));
    cpu.storeLong(at(2), CONTENT);
    process.leave(cpu);
    long _ = process.mremap(at(0), 2 * PAGE_SIZE, 2 * PAGE_SIZE, MOVE, at(10));
    pfnOfX = process.isolatePage(at(2));
    newVaddrOfX = at(interleaving == Interleaving.BEFORE ? 12 : 14);
  }

  /** Everything up to the point where the two threads start. */
  public static MremapPeekFixture of(MremapPeekVariant variant, Interleaving interleaving) {
    return new MremapPeekFixture(variant.applyTo(MachineConfig.small()), interleaving);
  }

  /** The same as a scenario: M migrates, W moves. */
  static Scenario scenario(MremapPeekVariant variant, Interleaving interleaving) {
    return new MachineScenario(
        interleaving.id(),
        () -> {
          MremapPeekFixture fixture = of(variant, interleaving);
          Map<String, Runnable> threads = new LinkedHashMap<>();
          threads.put("M", fixture::migrate);
          threads.put("W", fixture::mremap);
          return new MachineScenario.Run(fixture.machine, threads, fixture::judge);
        });
  }

  private String judge() {
    String verdict = verdict();
    if (!verdict.equals("sound")) {
      return verdict;
    }
    Content content = readX();
    return content == Content.OK ? "" : "X reads " + content;
  }

  private static long at(long page) {
    return BASE + page * PAGE_SIZE;
  }

  /** Actor M: moves X to another frame, as compaction does: it comes by frame, not by address. */
  public MigratePages.Result migrate() {
    return machine.migratePage(pfnOfX);
  }

  /** Actor W: moves X to another address. */
  public void mremap() {
    long _ = process.mremap(at(2), PAGE_SIZE, PAGE_SIZE, MOVE, newVaddrOfX);
  }

  /** Where X is once it has moved. */
  public long newVaddrOfX() {
    return newVaddrOfX;
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

  /** Reads X at its new address. */
  public Content readX() {
    Cpu cpu = process.runOn(machine.cpu(0));
    try {
      return cpu.loadLong(newVaddrOfX) == CONTENT ? Content.OK : Content.WRONG;
    } catch (KernelBug e) {
      return Content.BUG;
    } finally {
      process.leave(cpu);
    }
  }

  /** What a read of X finds. */
  public enum Content {
    /** The bytes that were written before the migration. */
    OK,
    /** Other bytes. */
    WRONG,
    /** A migration entry for a page that is not locked: the kernel stops here. */
    BUG
  }

  @Override
  public void close() {
    machine.close();
  }
}
