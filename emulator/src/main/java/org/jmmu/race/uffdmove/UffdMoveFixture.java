package org.jmmu.race.uffdmove;

import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.jmmu.proc.Pagemap.PM_PFRAME_MASK;
import static org.jmmu.proc.Pagemap.PM_PRESENT;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jmmu.check.Violation;
import org.jmmu.hw.Cpu;
import org.jmmu.race.MachineScenario;
import org.jmmu.reclaim.PageReferenced;
import org.jmmu.rmap.RmapWalkControl;
import org.jmmu.sched.Scenario;
import org.jmmu.sys.Machine;
import org.jmmu.sys.MachineConfig;
import org.jmmu.sys.Process;
import org.jmmu.sys.UserfaultFd;
import org.jmmu.types.AnonVma;
import org.jmmu.types.Vma;
import org.jmmu.uffd.UffdApi;

/**
 * The smallest machine in which race uffd-move can be lost: page X, which one thread moves to a VMA
 * with another anon_vma, while another, without the page lock, looks whether X was accessed.
 *
 * <pre>
 *   page   0    8..11     20
 *          X                      source
 *               ...X              destination, registered
 *                         Y       REUSED: a new VMA, whose anon_vma is in the source's old slot
 * </pre>
 */
public final class UffdMoveFixture implements AutoCloseable {
  private static final int RW = PROT_READ | PROT_WRITE;
  private static final int ANON = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
  private static final long BASE = 1L << 32;
  private static final long SOURCE = BASE;
  private static final long DESTINATION = BASE + 11 * PAGE_SIZE;
  private static final long OTHER_DESTINATION = BASE + 9 * PAGE_SIZE;
  private static final long FRESH = BASE + 20 * PAGE_SIZE;
  private static final long CONTENT = 0x600d_c0de;

  private final Interleaving interleaving;
  private final Machine machine;
  private final Process process;
  private final UserfaultFd uffd;
  private final WalkWatch watch;
  private final long pfnOfX; // isolated
  private final List<Process> children = new ArrayList<>();
  private int referenced = PageReferenced.NO_WALK;

  private UffdMoveFixture(MachineConfig config, Interleaving interleaving) {
    this.interleaving = interleaving;
    machine = Machine.boot(config);
    process = machine.spawn();
    long _ = process.mmap(SOURCE, PAGE_SIZE, RW, ANON);
    long _ = process.mmap(BASE + 8 * PAGE_SIZE, 4 * PAGE_SIZE, RW, ANON);
    Cpu cpu = process.runOn(machine.cpu(0));
    cpu.storeLong(SOURCE, CONTENT);
    cpu.storeLong(BASE + 8 * PAGE_SIZE, 0); // its anon_vma
    if (interleaving.reuses()) {
      long _ = process.mmap(FRESH, PAGE_SIZE, RW, ANON);
    }
    process.leave(cpu);
    pfnOfX = process.isolatePage(SOURCE);
    uffd = process.userfaultfd(0);
    uffd.api(0);
    uffd.register(BASE + 8 * PAGE_SIZE, 4 * PAGE_SIZE, UffdApi.UFFDIO_REGISTER_MODE_MISSING);
    Vma source = Objects.requireNonNull(process.mm().vmas.find(SOURCE));
    AnonVma anonVma = Objects.requireNonNull(source.anonVmaGetAcquire());
    watch = new WalkWatch(machine.phys(), anonVma);
    machine.watchWalks(watch);
  }

  /** Everything up to the point where the two threads start. */
  public static UffdMoveFixture of(UffdMoveVariant variant, Interleaving interleaving) {
    return new UffdMoveFixture(variant.applyTo(MachineConfig.small()), interleaving);
  }

  /** The same as a scenario: R walks, M moves. */
  static Scenario scenario(UffdMoveVariant variant, Interleaving interleaving) {
    return new MachineScenario(
        interleaving.id(),
        () -> {
          UffdMoveFixture fixture = of(variant, interleaving);
          Map<String, Runnable> threads = new LinkedHashMap<>();
          threads.put("R", fixture::walk);
          threads.put("M", fixture::move);
          return new MachineScenario.Run(fixture.machine, threads, fixture::judge);
        });
  }

  private String judge() {
    Walk walk = result();
    String verdict = verdict();
    if (!verdict.equals("sound")) {
      return verdict;
    }
    return walk == Walk.FOUND || walk == Walk.GAVE_UP ? "" : "the walk: " + walk;
  }

  /** Actor M: moves X. */
  public void move() {
    moveTo(DESTINATION);
    if (interleaving.reuses()) {
      process.munmap(SOURCE, PAGE_SIZE);
      Cpu cpu = process.runOn(machine.cpu(0));
      cpu.storeLong(FRESH, 1);
      process.leave(cpu);
    }
  }

  /** A second mover: to another place. */
  public void moveElsewhere() {
    moveTo(OTHER_DESTINATION);
  }

  private void moveTo(long vaddr) {
    long _ = uffd.move(vaddr, SOURCE, PAGE_SIZE, 0);
  }

  /** For a schedule in which it comes between mover and page. */
  public void fork() {
    children.add(process.fork());
  }

  /** Actor R: looks through how many entries X was accessed. */
  public void walk() {
    RmapWalkControl rwc =
        interleaving.waits() ? RmapWalkControl.waiting() : RmapWalkControl.trying();
    referenced = machine.pageReferenced(pfnOfX, rwc);
  }

  /** How R's walk ended. */
  public Walk result() {
    if (!watch.matches() || !watch.isValid()) {
      return watch.isValid() ? Walk.STALE : Walk.REUSED;
    }
    return switch (referenced) {
      case PageReferenced.NO_WALK -> Walk.GAVE_UP;
      case 0 -> Walk.MISSED;
      case 1 -> Walk.FOUND;
      default -> Walk.TWICE;
    };
  }

  /** How a walk over a page with one entry can end. */
  public enum Walk {
    /** It saw the entry: (1,1,1) of the oracle. */
    FOUND,
    /** It was not done, for want of a lock. */
    GAVE_UP,
    /** It went by the page's anon_vma, and did not come by the entry: (0,1,1). */
    MISSED,
    /** It went by an anon_vma that the page did not have any more: (*,0,1). */
    STALE,
    /** It went by one that was freed, and belongs to somebody else perhaps: (*,*,0). */
    REUSED,
    /** It saw two. */
    TWICE
  }

  /** What the oracles say once nobody isolates X any more; to be asked once, and last. */
  public List<Violation> violations() {
    machine.putPage(pfnOfX);
    return machine.violations();
  }

  /** The oracles in one word for the outcome table: {@code sound}, or the violations. */
  public String verdict() {
    List<Violation> violations = violations();
    return violations.isEmpty() && isMoved() ? "sound" : "moved " + isMoved() + " " + violations;
  }

  /** Whether X is at the destination, with its content. */
  public boolean isMoved() {
    return isAt(DESTINATION);
  }

  /** Whether X went to the second mover's destination. */
  public boolean isMovedElsewhere() {
    return isAt(OTHER_DESTINATION);
  }

  private boolean isAt(long vaddr) {
    return (process.pagemap(vaddr, 1)[0] & (PM_PRESENT | PM_PFRAME_MASK)) == (PM_PRESENT | pfnOfX);
  }

  @Override
  public void close() {
    machine.close();
  }
}
