package org.jmmu.types;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jmmu.lock.MmapLock;
import org.jmmu.lock.SeqCount;

/**
 * An address space.
 *
 * @kernel include/linux/mm_types.h:struct mm_struct
 */
public final class Mm {
  private static final VarHandle CPUMASK =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "cpumask", VarHandle.class, Mm.class, long.class);

  private static final VarHandle USERS =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "users", VarHandle.class, Mm.class, int.class);

  /** Below a stack gap of 128 MiB, without randomisation. */
  private static final long DEFAULT_MMAP_BASE = 0x7fff_f7ff_f000L;

  /** Orders changes of the VMAs against faults. Outermost lock. */
  public final MmapLock mmapLock = new MmapLock();

  /** Write sections of the seqcount patch of 2010; taken by that variant only. */
  public final SeqCount rmapConsistent = new SeqCount();

  /** Changes: mmap_lock(W). */
  public final VmaTree vmas = new VmaTree();

  /** Its bounds directory, if it has one. */
  public final MpxContext mpx = new MpxContext();

  /** Frame of the top-level page table; immutable. Its ptl word is mm.page_table_lock. */
  public final long pgdPfn;

  /** Settings of the machine. */
  public final VmSysctl sysctl;

  /** Limits of the process; a clone that shares the mm shares them. */
  public final Rlimits rlimits;

  /** Where top-down placement starts; written by execve only. */
  public long mmapBase = DEFAULT_MMAP_BASE;

  /** Pages mapped, of all kinds, and of the kinds that have counters; guarded by mmap_lock(W). */
  public long totalVm;

  public long lockedVm;
  public long dataVm;
  public long execVm;
  public long stackVm;

  /** The heap: [startBrk, brk); guarded by mmap_lock(W). */
  public long startBrk;

  public long brk;

  /** An address of the initial stack, 0 if there is none; written by execve only. */
  public long startStack;

  /** Flags that every new VMA gets, from mlockall(MCL_FUTURE); guarded by mmap_lock(W). */
  public long defFlags;

  /** Bit n: protection key n is allocated; guarded by mmap_lock(W). */
  public int pkeyAllocationMap = 1;

  /** How many protection keys the CPUs have, 1 if none; written when the mm is made. */
  public int nrPkeys = 1;

  /** The key of memory that can only be executed, -1 for none yet; guarded by mmap_lock(W). */
  public int executeOnlyPkey = -1;

  @SuppressWarnings("UnusedVariable") // read through its VarHandle
  private long cpumask; // CPUs that may hold translations of this mm; atomic

  @SuppressWarnings("UnusedVariable") // read through its VarHandle
  private int users = 1; // processes that share it; atomic

  /** An empty address space with Linux's default settings and limits. */
  public Mm(long pgdPfn) {
    this(pgdPfn, new VmSysctl(), new Rlimits());
  }

  public Mm(long pgdPfn, VmSysctl sysctl, Rlimits rlimits) {
    this.pgdPfn = pgdPfn;
    this.sysctl = sysctl;
    this.rlimits = rlimits;
  }

  /** One process more shares it; the caller is one. @kernel include/linux/sched/mm.h:mmget */
  public void get() {
    int _ = (int) USERS.getAndAdd(this, 1);
  }

  /**
   * For a caller that does not use it: fails on one that is being torn down. @kernel mmget_not_zero
   */
  public boolean getUnlessZero() {
    while (true) {
      int count = (int) USERS.getAcquire(this);
      if (count == 0) {
        return false;
      }
      if (USERS.compareAndSet(this, count, count + 1)) {
        return true;
      }
    }
  }

  /** Whether the caller was the last to use it. @kernel kernel/fork.c:mmput */
  public boolean put() {
    return (int) USERS.getAndAdd(this, -1) == 1;
  }

  /** Bit n: CPU n may hold translations. The atomic updates order it against page-table reads. */
  public long cpumaskGetVolatile() {
    return (long) CPUMASK.getVolatile(this);
  }

  public void cpumaskSet(int cpu) {
    long _ = (long) CPUMASK.getAndBitwiseOr(this, 1L << cpu);
  }

  public void cpumaskClear(int cpu) {
    long _ = (long) CPUMASK.getAndBitwiseAnd(this, ~(1L << cpu));
  }
}
