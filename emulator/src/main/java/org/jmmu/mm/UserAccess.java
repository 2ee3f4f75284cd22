package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_MASK;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import org.jmmu.hw.PteBits;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;

/**
 * Accesses of the kernel to words of user memory, aligned, of 4 or 8 bytes. The caller holds
 * mmap_lock, or is the only user of the address space: page tables do not go meanwhile.
 *
 * <p>A page that is not there is a page fault. Within a section of {@link Faults#DISABLED} that
 * ends the access with EFAULT; otherwise the fault takes mmap_lock(R), as any does, which a caller
 * that holds mmap_lock never gets.
 *
 * @kernel arch/x86/include/asm/uaccess.h:get_user, user_atomic_cmpxchg_inatomic
 */
public final class UserAccess {
  /** What a page fault does: {@code pagefault_disable} or not. */
  public enum Faults {
    ENABLED,
    DISABLED
  }

  private enum Op {
    GET,
    PUT,
    CMPXCHG
  }

  private final PhysMemory phys;
  private final PageTables tables;
  private final FaultIn faultIn;

  public UserAccess(PhysMemory phys, PageTables tables, FaultIn faultIn) {
    this.phys = phys;
    this.tables = tables;
    this.faultIn = faultIn;
  }

  /**
   * @throws ErrnoException EFAULT
   */
  public long getUser(Mm mm, long vaddr, int bytes, Faults faults) {
    return access(mm, vaddr, bytes, faults, Op.GET, 0, 0);
  }

  /**
   * @throws ErrnoException EFAULT
   */
  public void putUser(Mm mm, long vaddr, int bytes, long value, Faults faults) {
    long _ = access(mm, vaddr, bytes, faults, Op.PUT, 0, value);
  }

  /**
   * @return what was there
   * @throws ErrnoException EFAULT
   */
  public long cmpxchgUser(Mm mm, long vaddr, int bytes, long expected, long value, Faults faults) {
    return access(mm, vaddr, bytes, faults, Op.CMPXCHG, expected, value);
  }

  /**
   * Brings the page at {@code vaddr} in; the caller holds mmap_lock in either way.
   *
   * @throws ErrnoException EFAULT if that cannot be, ENOMEM without memory
   */
  public void getUserPage(Mm mm, long vaddr, boolean write) {
    long page = vaddr & PAGE_MASK;
    faultIn.getUserPages(mm, page, page + PAGE_SIZE, write);
  }

  private long access(
      Mm mm, long vaddr, int bytes, Faults faults, Op op, long expected, long value) {
    if ((vaddr & bytes - 1) != 0 || !Mman.isUserRange(vaddr, bytes)) {
      throw new ErrnoException(Errno.EFAULT, "no user address 0x" + Long.toHexString(vaddr));
    }
    boolean write = op != Op.GET;
    while (true) {
      long pteAddr = tables.pteOffset(mm, vaddr);
      if (pteAddr != PageTables.NONE) {
        tables.lock(pteAddr); // under it, the page stays where it is
        try {
          long pteVal = Mem.longGetOpaque(pteAddr);
          if (Pte.isPresent(pteVal) && (!write || Pte.isWrite(pteVal))) {
            long _ = Mem.longGetAndOr(pteAddr, write ? PteBits.A | PteBits.D : PteBits.A);
            long addr = phys.frameAddr(Pte.pfn(pteVal)) + (vaddr & ~PAGE_MASK);
            return perform(addr, bytes, op, expected, value);
          }
        } finally {
          tables.unlock(pteAddr);
        }
      }
      if (faults == Faults.DISABLED) {
        throw new ErrnoException(Errno.EFAULT, "page fault at 0x" + Long.toHexString(vaddr));
      }
      fault(mm, vaddr & PAGE_MASK, write);
    }
  }

  private void fault(Mm mm, long page, boolean write) {
    try {
      faultIn.access(mm, page, page + PAGE_SIZE, write);
    } catch (ErrnoException e) {
      throw new ErrnoException(Errno.EFAULT, "no page at 0x" + Long.toHexString(page));
    }
  }

  private static long perform(long addr, int bytes, Op op, long expected, long value) {
    return switch (op) {
      case GET ->
          bytes == Long.BYTES
              ? Mem.longGetAcquire(addr)
              : Integer.toUnsignedLong(Mem.intGetAcquire(addr));
      case PUT -> {
        if (bytes == Long.BYTES) {
          Mem.longSetRelease(addr, value);
        } else {
          Mem.intSetRelease(addr, (int) value);
        }
        yield 0;
      }
      case CMPXCHG ->
          bytes == Long.BYTES
              ? Mem.longCmpxchg(addr, expected, value)
              : cmpxchgInt(addr, (int) expected, (int) value);
    };
  }

  private static long cmpxchgInt(long addr, int expected, int value) {
    while (true) {
      int found = Mem.intGetAcquire(addr);
      if (found != expected || Mem.intCas(addr, expected, value)) {
        return Integer.toUnsignedLong(found);
      }
    }
  }
}
