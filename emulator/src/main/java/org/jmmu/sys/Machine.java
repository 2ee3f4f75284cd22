package org.jmmu.sys;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.jmmu.alloc.FailAlloc;
import org.jmmu.check.InvariantException;
import org.jmmu.check.Violation;
import org.jmmu.compact.Kcompactd;
import org.jmmu.filemap.DiskBacking;
import org.jmmu.filemap.Files;
import org.jmmu.filemap.MemoryBacking;
import org.jmmu.hugetlb.HugePageCounts;
import org.jmmu.hw.Cpu;
import org.jmmu.migrate.MigratePages;
import org.jmmu.phys.PhysMemory;
import org.jmmu.reclaim.PageReferenced;
import org.jmmu.rmap.AnonVmaWatch;
import org.jmmu.rmap.RmapWalkControl;
import org.jmmu.swap.SwapHeader;
import org.jmmu.swap.SwapInfo;
import org.jmmu.swap.Swapfile;
import org.jmmu.types.Backing;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Rlimits;
import org.jmmu.types.VmSysctl;
import org.jspecify.annotations.Nullable;

/**
 * A computer: physical memory, CPUs, and the kernel that runs on it. Any number of them may run
 * side by side. System calls and CPUs may be used by many threads at once, a single {@link Cpu} by
 * one thread at a time.
 *
 * <p>Booting takes a machine out of a pool and {@link #close} gives it back: nothing that came from
 * a closed machine may be used any more.
 */
public final class Machine implements AutoCloseable {
  private @Nullable Kernel kernel;

  private Machine(Kernel kernel) {
    this.kernel = kernel;
  }

  public static Machine boot(MachineConfig config) {
    return new Machine(MachinePool.take(config));
  }

  /** A new process with an empty address space. */
  public Process spawn() {
    Kernel running = kernel();
    return new Process(running, running.newMm(new Rlimits()), new FileTable());
  }

  /** Opens files, for {@link Process#install}. */
  public Files files() {
    return kernel().files;
  }

  /** Settings of system calls, as {@code /proc/sys/vm}; to be set before there are processes. */
  public VmSysctl sysctl() {
    return kernel().sysctl;
  }

  /** Shows what threads race for, step by step. */
  public MachineState state() {
    return new MachineState(kernel());
  }

  /** Lets allocations fail. */
  public FailAlloc failAlloc() {
    return kernel().failAlloc;
  }

  /**
   * @throws IndexOutOfBoundsException if there is no such CPU
   */
  public Cpu cpu(int id) {
    return kernel().cpus[id];
  }

  /** Moves an isolated page to another frame, whoever maps it; drops the isolation's reference. */
  public MigratePages.Result migratePage(long pfn) {
    return kernel().migratePages.migrate(pfn);
  }

  /**
   * One pass of the scanner that merges equal pages of memory advised as MADV_MERGEABLE. Two passes
   * merge what does not change.
   *
   * @kernel mm/ksm.c:ksm_do_scan
   */
  public void scanKsm() {
    kernel().scanKsm();
  }

  /** Merged pages, as {@code /sys/kernel/mm/ksm/pages_shared}. */
  public int ksmPagesShared() {
    return kernel().ksmPagesShared();
  }

  /**
   * Moves the pages of every node together, as a write to {@code /proc/sys/vm/compact_memory} does.
   *
   * @return pages that were moved
   */
  public int compact() {
    int nr = 0;
    for (int nid = 0; nid < kernel().nodes.nr(); nid++) {
      nr += kernel().compaction.compactNode(nid).nrMigrated();
    }
    return nr;
  }

  /**
   * Starts a thread that compacts a node whenever it is asked to; it ends with the machine, or when
   * it is closed.
   */
  public Kcompactd startKcompactd(int nid) {
    return kernel().startKcompactd(nid);
  }

  /**
   * Switches a swap area on that a device has.
   *
   * @param bytes of the device
   * @throws ErrnoException as swapon(2); EINVAL if mkswap(8) did not make it for this machine
   */
  public SwapInfo swapon(Backing device, long bytes) {
    return kernel().swapon(device, bytes, Swapfile.Medium.DEVICE);
  }

  /** Switches a swap area in memory on, that has room for {@code nrPages} pages. */
  public SwapInfo swaponMemory(int nrPages) {
    long bytes = (nrPages + 1) * PhysMemory.PAGE_SIZE;
    MemoryBacking memory = new MemoryBacking(SwapHeader.ofPages(nrPages + 1, "memory").toPage());
    memory.setSize(bytes);
    return swapon(memory, bytes);
  }

  /**
   * Switches a swap file on, made by mkswap(8).
   *
   * @throws ErrnoException as swapon(2)
   */
  public SwapInfo swapon(Path file) {
    try {
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
      DiskBacking backing = new DiskBacking(channel);
      try {
        return kernel().swapon(backing, channel.size(), Swapfile.Medium.FILE);
      } catch (ErrnoException e) {
        backing.close();
        throw e;
      }
    } catch (NoSuchFileException e) {
      throw new ErrnoException(Errno.ENOENT, "no file " + file);
    } catch (IOException e) {
      throw new ErrnoException(Errno.EIO, "cannot open " + file);
    }
  }

  /**
   * Brings everything back that is in a swap area, and switches it off. Processes may go on
   * meanwhile.
   *
   * @throws ErrnoException as {@link org.jmmu.mm.Swapoff#swapoff}
   */
  public void swapoff(SwapInfo area) {
    kernel().swapoff(area);
  }

  /** Swaps pages out, those first that were not accessed lately; returns how many were freed. */
  public int reclaim(int nrPages) {
    return kernel().vmscan.shrink(nrPages);
  }

  /** What {@code /proc/meminfo} says of huge pages. */
  public HugePageCounts hugePages() {
    return kernel().hugetlb.hstate.counts();
  }

  /** How often reverse-map walks have had to start over; 0 unless the protocol makes them. */
  public long rmapWalkRestarts() {
    return kernel().rmapWalk.restarts();
  }

  /** Frames that are neither free nor the machine's own; exact while no other thread uses it. */
  public long framesInUse() {
    return kernel().framesInUse();
  }

  /**
   * Through how many entries an isolated page was accessed since the last time; the page need not
   * be locked. {@link PageReferenced#NO_WALK} if nobody looked.
   *
   * @param rwc whether to wait for locks
   */
  public int pageReferenced(long pfn, RmapWalkControl rwc) {
    return kernel().pageReferenced.count(pfn, rwc);
  }

  /** Its memory, for oracles. */
  public PhysMemory phys() {
    return kernel().phys;
  }

  /** Has all walks without the page lock looked at, until the machine is closed. */
  public void watchWalks(AnonVmaWatch watch) {
    kernel().rmapWalk.watch(watch);
  }

  /** Drops a reference that {@link Process#isolatePage} took. */
  public void putPage(long pfn) {
    kernel().frames.put(pfn);
  }

  /** What the oracles find broken; to be called while no other thread uses the machine. */
  public List<Violation> violations() {
    return kernel().check();
  }

  /**
   * Runs every oracle; to be called while no other thread uses the machine.
   *
   * @throws InvariantException if one finds something
   */
  public void check() {
    List<Violation> violations = violations();
    if (!violations.isEmpty()) {
      throw new InvariantException(violations);
    }
  }

  /** Gives the machine back, in whatever state it is. */
  @Override
  public void close() {
    Kernel closing = kernel;
    if (closing != null) {
      kernel = null;
      MachinePool.giveBack(closing);
    }
  }

  Kernel kernel() {
    Kernel running = kernel;
    if (running == null) {
      throw new IllegalStateException("the machine is closed");
    }
    return running;
  }
}
