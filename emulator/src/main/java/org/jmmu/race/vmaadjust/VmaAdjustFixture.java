package org.jmmu.race.vmaadjust;

import static org.jmmu.check.Violation.Invariant.NO_DANGLING_MIGRATION_ENTRY;
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
import org.jmmu.rmap.VmaAdjustProtocol;
import org.jmmu.sched.Scenario;
import org.jmmu.sys.Machine;
import org.jmmu.sys.MachineConfig;
import org.jmmu.sys.Process;
import org.jmmu.types.KernelBug;

/**
 * The smallest machine in which race vma-adjust can be lost: four pages, one of which, X, is
 * migrated by one thread while another changes the VMA that maps it.
 */
public final class VmaAdjustFixture implements AutoCloseable {
  private static final int PAGES = 4;
  private static final int RW = PROT_READ | PROT_WRITE;
  private static final long CONTENT = 0x600d_c0de;

  private final Machine machine;
  private final Process process; // whose VMA changes
  private final long start; // first of the four pages
  private final long vaddrOfX;
  private final long pfnOfX; // isolated: migrate() drops the reference
  private final Change change;

  /** An mprotect of pages [firstPage, endPage). */
  private record Change(int firstPage, int endPage, int prot) {}

  private VmaAdjustFixture(
      Machine machine, Process process, long start, int pageOfX, Change change) {
    this.machine = machine;
    this.process = process;
    this.start = start;
    this.vaddrOfX = start + pageOfX * PAGE_SIZE;
    this.pfnOfX = process.isolatePage(vaddrOfX);
    this.change = change;
  }

  /** As {@link #of(VmaAdjustProtocol, Interleaving, Mapping)}, of an anonymous page. */
  public static VmaAdjustFixture of(VmaAdjustProtocol protocol, Interleaving interleaving) {
    return of(protocol, interleaving, Mapping.ANON);
  }

  /** Everything up to the point where the two threads start. */
  public static VmaAdjustFixture of(
      VmaAdjustProtocol protocol, Interleaving interleaving, Mapping mapping) {
    Machine machine = Machine.boot(MachineConfig.small().withVmaAdjust(protocol));
    Process process = machine.spawn();
    long start = mapping.map(process, PAGES * PAGE_SIZE);
    if (mapping == Mapping.KSM) {
      storeTwin(machine);
    }
    return switch (interleaving) {
      case TORN_PAIR -> {
        store(machine, process, mapping, start + 3 * PAGE_SIZE);
        yield new VmaAdjustFixture(machine, process, start, 3, new Change(2, 4, PROT_READ));
      }
      case FORKED -> {
        store(machine, process, mapping, start + 3 * PAGE_SIZE);
        Process child = fork(machine, process, start + 3 * PAGE_SIZE);
        yield new VmaAdjustFixture(machine, child, start, 3, new Change(2, 4, PROT_READ));
      }
      case FORKED_SHIFT -> {
        store(machine, process, mapping, start + PAGE_SIZE);
        Process child = fork(machine, process, start + PAGE_SIZE);
        // As SHIFT: both N and V have the child's anon_vma, and stand on the parent's list too.
        child.mprotect(start + 2 * PAGE_SIZE, 2 * PAGE_SIZE, PROT_READ);
        yield new VmaAdjustFixture(machine, child, start, 1, new Change(1, 2, PROT_READ));
      }
      case GAP -> {
        store(machine, process, mapping, start + PAGE_SIZE);
        // The upper part becomes the new VMA, N, behind V on the anon_vma's list.
        process.mprotect(start, 2 * PAGE_SIZE, PROT_READ);
        yield new VmaAdjustFixture(machine, process, start, 1, new Change(1, 2, RW));
      }
      case SHIFT -> {
        store(machine, process, mapping, start + PAGE_SIZE);
        // The lower part becomes the new VMA, V, behind N on the anon_vma's list.
        process.mprotect(start + 2 * PAGE_SIZE, 2 * PAGE_SIZE, PROT_READ);
        yield new VmaAdjustFixture(machine, process, start, 1, new Change(1, 2, PROT_READ));
      }
      case UNTOUCHED_NEIGHBOUR -> {
        process.mprotect(start, 2 * PAGE_SIZE, PROT_READ);
        store(machine, process, mapping, start + 2 * PAGE_SIZE);
        yield new VmaAdjustFixture(machine, process, start, 2, new Change(1, 2, RW));
      }
    };
  }

  private static void store(Machine machine, Process process, Mapping mapping, long vaddr) {
    Cpu cpu = process.runOn(machine.cpu(0));
    cpu.storeLong(vaddr, CONTENT);
    process.leave(cpu);
    mapping.written(machine);
  }

  /** A child that maps X: of a page that it can find again, fork copies no entry. */
  private static Process fork(Machine machine, Process process, long vaddrOfX) {
    Process child = process.fork();
    Cpu cpu = child.runOn(machine.cpu(0));
    long _ = cpu.loadLong(vaddrOfX);
    child.leave(cpu);
    return child;
  }

  /** A page of another process with X's content, for X to be merged with. */
  private static void storeTwin(Machine machine) {
    Process other = machine.spawn();
    long vaddr = Mapping.KSM.map(other, PAGE_SIZE);
    Cpu cpu = other.runOn(machine.cpu(0));
    cpu.storeLong(vaddr, CONTENT);
    other.leave(cpu);
  }

  /** The same as a scenario: M migrates, W changes the VMA. */
  static Scenario scenario(VmaAdjustVariant variant, Interleaving interleaving, Mapping mapping) {
    String id = interleaving.id() + (mapping == Mapping.ANON ? "" : " " + mapping);
    return new MachineScenario(
        id,
        () -> {
          VmaAdjustFixture fixture = of(variant.protocol(), interleaving, mapping);
          Map<String, Runnable> threads = new LinkedHashMap<>();
          threads.put("M", fixture::migrate);
          threads.put("W", fixture::adjust);
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

  /** Actor M: moves X to another frame, as compaction does: it comes by frame, not by address. */
  public MigratePages.Result migrate() {
    return machine.migratePage(pfnOfX);
  }

  /** Actor W: changes the VMA that maps X. */
  public void adjust() {
    long from = start + change.firstPage * PAGE_SIZE;
    process.mprotect(from, (change.endPage - change.firstPage) * PAGE_SIZE, change.prot);
  }

  /** How often M's walks started over. */
  public long restarts() {
    return machine.rmapWalkRestarts();
  }

  public long vaddrOfX() {
    return vaddrOfX;
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

  /** Reads X in the process whose VMA was changed: what its program would see next. */
  public Content readX() {
    Cpu cpu = process.runOn(machine.cpu(0));
    try {
      return cpu.loadLong(vaddrOfX) == CONTENT ? Content.OK : Content.WRONG;
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
