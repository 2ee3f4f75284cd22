package org.jmmu.hw;

import java.lang.invoke.VarHandle;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;

/**
 * One CPU: the instructions that touch memory, through the MMU. Bound to one thread at a time;
 * handing it to another thread must order the two threads (start, join, a lock).
 *
 * <p>Loads are acquire, stores release and atomic operations sequentially consistent, which on x86
 * is what the guest would get from the silicon (SDM vol 3, 9.2.2); {@link #mfence} is there for the
 * one reordering that remains, a load before an earlier store.
 *
 * <p>A page fault calls the {@link FaultHandler} and then retries. A fault whose handler never
 * makes it go away ends in {@link NoProgressException}.
 */
public final class Cpu extends ControlRegisters {
  private final int id;
  private final long block; // immutable
  private final Ipi ipi;
  private final BoundsUnit bounds;

  public Cpu(int id, PhysMemory phys, FaultHandler handler) {
    this(id, phys, CpuModel.INTEL, handler);
  }

  public Cpu(int id, PhysMemory phys, CpuModel model, FaultHandler handler) {
    super(id, phys, model, handler);
    this.id = id;
    block = mmu.block;
    ipi = mmu.ipi;
    bounds = new BoundsUnit(this);
  }

  public int id() {
    return id;
  }

  /** A snapshot; only the thread that runs the CPU sees exact numbers. */
  public CpuStatistics statistics() {
    return mmu.statistics();
  }

  /** The bounds registers and the instructions that use them. */
  public BoundsUnit bounds() {
    return bounds;
  }

  /** To look at; only the thread that runs the CPU may. */
  public Tlb tlb() {
    return mmu.tlb;
  }

  /**
   * The walker by itself, without TLB and without an access section: for measurements and checks at
   * rest, while nobody frees page tables.
   */
  public PageWalker walker() {
    return mmu.walker;
  }

  // Loads. Nothing is written and nothing fenced on a hit; why that is enough is told in the
  // package documentation.

  public byte loadByte(long vaddr) {
    long own = CpuBlock.checked(block);
    long entry = CpuBlock.readEntry(own, vaddr);
    if (CpuBlock.keyGetPlain(entry) == HotTlb.key(own, vaddr, Byte.BYTES)) {
      byte value = Mem.byteGetPlain(addr(entry, vaddr, Byte.BYTES));
      VarHandle.acquireFence();
      if (CpuBlock.pendingGetAcquire(own) == 0) {
        CpuBlock.countHit(own);
        return value;
      }
    }
    return (byte) loadSlow(vaddr, Byte.BYTES, Access.READ);
  }

  public short loadShort(long vaddr) {
    long own = CpuBlock.checked(block);
    long entry = CpuBlock.readEntry(own, vaddr);
    if (CpuBlock.keyGetPlain(entry) == HotTlb.key(own, vaddr, Short.BYTES)) {
      short value = Mem.shortUnalignedGetPlain(addr(entry, vaddr, Short.BYTES));
      VarHandle.acquireFence();
      if (CpuBlock.pendingGetAcquire(own) == 0) {
        CpuBlock.countHit(own);
        return value;
      }
    }
    return (short) loadSlow(vaddr, Short.BYTES, Access.READ);
  }

  public int loadInt(long vaddr) {
    long own = CpuBlock.checked(block);
    long entry = CpuBlock.readEntry(own, vaddr);
    if (CpuBlock.keyGetPlain(entry) == HotTlb.key(own, vaddr, Integer.BYTES)) {
      int value = Mem.intGetAcquire(addr(entry, vaddr, Integer.BYTES));
      if (CpuBlock.pendingGetAcquire(own) == 0) {
        CpuBlock.countHit(own);
        return value;
      }
    }
    return (int) loadSlow(vaddr, Integer.BYTES, Access.READ);
  }

  public long loadLong(long vaddr) {
    long own = CpuBlock.checked(block);
    long entry = CpuBlock.readEntry(own, vaddr);
    if (CpuBlock.keyGetPlain(entry) == HotTlb.key(own, vaddr, Long.BYTES)) {
      long value = Mem.longGetAcquire(addr(entry, vaddr, Long.BYTES));
      if (CpuBlock.pendingGetAcquire(own) == 0) {
        CpuBlock.countHit(own);
        return value;
      }
    }
    return loadSlow(vaddr, Long.BYTES, Access.READ);
  }

  /** Fetches {@code bytes} bytes of instructions, at most eight, as a little-endian number. */
  public long fetch(long vaddr, int bytes) {
    return loadSlow(vaddr, bytes, Access.FETCH);
  }

  // Stores. A store cannot be redone, so it asks for requests first, inside the access section.

  public void storeByte(long vaddr, byte value) {
    long own = CpuBlock.checked(block);
    ipi.enter(own);
    long entry = CpuBlock.writeEntry(own, vaddr);
    if (CpuBlock.pendingGetAcquire(own) == 0
        && CpuBlock.keyGetPlain(entry) == HotTlb.key(own, vaddr, Byte.BYTES)) {
      VarHandle.releaseFence();
      Mem.byteSetPlain(addr(entry, vaddr, Byte.BYTES), value);
      CpuBlock.sectionLeaveRelease(own);
      CpuBlock.countHit(own);
    } else {
      CpuBlock.sectionLeaveRelease(own);
      storeSlow(vaddr, Byte.BYTES, value);
    }
  }

  public void storeShort(long vaddr, short value) {
    long own = CpuBlock.checked(block);
    ipi.enter(own);
    long entry = CpuBlock.writeEntry(own, vaddr);
    if (CpuBlock.pendingGetAcquire(own) == 0
        && CpuBlock.keyGetPlain(entry) == HotTlb.key(own, vaddr, Short.BYTES)) {
      VarHandle.releaseFence();
      Mem.shortUnalignedSetPlain(addr(entry, vaddr, Short.BYTES), value);
      CpuBlock.sectionLeaveRelease(own);
      CpuBlock.countHit(own);
    } else {
      CpuBlock.sectionLeaveRelease(own);
      storeSlow(vaddr, Short.BYTES, value);
    }
  }

  public void storeInt(long vaddr, int value) {
    long own = CpuBlock.checked(block);
    ipi.enter(own);
    long entry = CpuBlock.writeEntry(own, vaddr);
    if (CpuBlock.pendingGetAcquire(own) == 0
        && CpuBlock.keyGetPlain(entry) == HotTlb.key(own, vaddr, Integer.BYTES)) {
      Mem.intSetRelease(addr(entry, vaddr, Integer.BYTES), value);
      CpuBlock.sectionLeaveRelease(own);
      CpuBlock.countHit(own);
    } else {
      CpuBlock.sectionLeaveRelease(own);
      storeSlow(vaddr, Integer.BYTES, value);
    }
  }

  public void storeLong(long vaddr, long value) {
    long own = CpuBlock.checked(block);
    ipi.enter(own);
    long entry = CpuBlock.writeEntry(own, vaddr);
    if (CpuBlock.pendingGetAcquire(own) == 0
        && CpuBlock.keyGetPlain(entry) == HotTlb.key(own, vaddr, Long.BYTES)) {
      Mem.longSetRelease(addr(entry, vaddr, Long.BYTES), value);
      CpuBlock.sectionLeaveRelease(own);
      CpuBlock.countHit(own);
    } else {
      CpuBlock.sectionLeaveRelease(own);
      storeSlow(vaddr, Long.BYTES, value);
    }
  }

  // Atomic read-modify-writes (LOCK prefix). They need write access even when nothing is stored.

  public boolean casInt(long vaddr, int expected, int value) {
    long addr = openLocked(vaddr, Integer.BYTES);
    boolean stored = Mem.intCas(addr, expected, value);
    mmu.close();
    return stored;
  }

  public boolean casLong(long vaddr, long expected, long value) {
    long addr = openLocked(vaddr, Long.BYTES);
    boolean stored = Mem.longCas(addr, expected, value);
    mmu.close();
    return stored;
  }

  /** LOCK CMPXCHG; returns the value found. */
  public long cmpxchgLong(long vaddr, long expected, long value) {
    long addr = openLocked(vaddr, Long.BYTES);
    long found = Mem.longCmpxchg(addr, expected, value);
    mmu.close();
    return found;
  }

  /** XCHG; returns the value found. */
  public long xchgLong(long vaddr, long value) {
    long addr = openLocked(vaddr, Long.BYTES);
    long found = Mem.longXchg(addr, value);
    mmu.close();
    return found;
  }

  /** LOCK XADD; returns the value found. */
  public long xaddLong(long vaddr, long delta) {
    long addr = openLocked(vaddr, Long.BYTES);
    long found = Mem.longGetAndAdd(addr, delta);
    mmu.close();
    return found;
  }

  /** Orders everything before against everything after. */
  public void mfence() {
    VarHandle.fullFence();
  }

  // Kernel mode and shootdowns.

  /**
   * The thread enters the kernel: until {@link #exitKernel} its accesses carry their own fence, so
   * that shooters need no membarrier for this CPU. Optional; correct without.
   */
  public void enterKernel() {
    ipi.enterKernel();
  }

  public void exitKernel() {
    ipi.exitKernel();
  }

  /** Flushes what other CPUs have asked for, if anything; every access does so by itself. */
  public void poll() {
    if (ipi.pendingGetAcquire()) {
      mmu.deliver();
    }
  }

  /** Native address of an access that hits a hot entry. */
  private static long addr(long entry, long vaddr, int size) {
    return CpuBlock.checked(vaddr + CpuBlock.addendGetPlain(entry), size);
  }

  private long openLocked(long vaddr, int size) {
    if ((vaddr & size - 1) != 0) {
      throw new AlignmentCheckException(vaddr, size);
    }
    mmu.open(this, vaddr, size, Access.WRITE);
    return mmu.firstAddr();
  }

  private long loadSlow(long vaddr, int size, int access) {
    mmu.open(this, vaddr, size, access);
    long value = BytesInPages.load(mmu.firstAddr(), mmu.secondAddr(), inFirstPage(vaddr), size);
    mmu.close();
    return value;
  }

  private void storeSlow(long vaddr, int size, long value) {
    mmu.open(this, vaddr, size, Access.WRITE);
    BytesInPages.store(mmu.firstAddr(), mmu.secondAddr(), inFirstPage(vaddr), size, value);
    mmu.close();
  }

  private static int inFirstPage(long vaddr) {
    return (int) (PhysMemory.PAGE_SIZE - (vaddr & ~PhysMemory.PAGE_MASK));
  }
}
