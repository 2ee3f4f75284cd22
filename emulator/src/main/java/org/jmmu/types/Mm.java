package org.jmmu.types;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jmmu.lock.LockClass;
import org.jmmu.lock.RwSem;
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

  /** Orders changes of the VMAs against faults. Outermost lock. */
  public final RwSem mmapLock = new RwSem(LockClass.MMAP_LOCK);

  /** Write sections of the seqcount patch of 2010; taken by that variant only. */
  public final SeqCount rmapConsistent = new SeqCount();

  /** Changes: mmap_lock(W). */
  public final VmaTree vmas = new VmaTree();

  /** Frame of the top-level page table; immutable. Its ptl word is mm.page_table_lock. */
  public final long pgdPfn;

  @SuppressWarnings("UnusedVariable") // read through its VarHandle
  private long cpumask; // CPUs that may hold translations of this mm; atomic

  public Mm(long pgdPfn) {
    this.pgdPfn = pgdPfn;
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
