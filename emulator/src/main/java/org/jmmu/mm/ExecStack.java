package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_MASK;
import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.jmmu.types.VmFlags.VM_ACCOUNT;
import static org.jmmu.types.VmFlags.VM_GROWSDOWN;
import static org.jmmu.types.VmFlags.VM_MAYEXEC;
import static org.jmmu.types.VmFlags.VM_MAYREAD;
import static org.jmmu.types.VmFlags.VM_MAYWRITE;
import static org.jmmu.types.VmFlags.VM_READ;
import static org.jmmu.types.VmFlags.VM_STACK_INCOMPLETE_SETUP;
import static org.jmmu.types.VmFlags.VM_WRITE;

import org.jmmu.alloc.FailAlloc;
import org.jmmu.alloc.Frames;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * The stack of a new program. It is built at the highest address there is, before it is known where
 * it shall be, and then moved down with the pages that hold the arguments.
 *
 * <p>While it moves, its VMA covers both places, and the reverse map would look for its pages in
 * the new one only; what is done about that is up to {@link ExecStackProtocol}.
 *
 * @kernel fs/exec.c:setup_arg_pages, mm/vma_exec.c
 */
public final class ExecStack {
  private static final long STACK_FLAGS =
      VM_READ | VM_WRITE | VM_GROWSDOWN | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | VM_ACCOUNT;

  /** What a stack is larger at first than its arguments. */
  private static final long STACK_EXPAND = 128 << 10;

  private final VmaModify vmaModify;
  private final VmaAdjust vmaAdjust;
  private final Accounting accounting;
  private final WriteUser writeUser;
  private final ExecStackProtocol protocol;
  private final ExecStackProtocol.Parts parts;

  public ExecStack(
      Frames frames,
      PageTables tables,
      TlbFlush tlbFlush,
      AnonVmas anonVmas,
      VmaModify vmaModify,
      Accounting accounting,
      MovePageTables movePageTables,
      WriteUser writeUser,
      FailAlloc failAlloc,
      ExecStackProtocol protocol) {
    this.vmaModify = vmaModify;
    this.vmaAdjust = vmaModify.vmaAdjust();
    this.accounting = accounting;
    this.writeUser = writeUser;
    this.protocol = protocol;
    this.parts =
        new ExecStackProtocol.Parts(
            frames, tables, tlbFlush, anonVmas, vmaAdjust, movePageTables, accounting);
  }

  /**
   * A stack at the highest address, with {@code arguments} below a word at its top.
   *
   * @throws ErrnoException ENOMEM; E2BIG without a frame for the arguments
   * @kernel mm/vma_exec.c:create_init_stack_vma, fs/exec.c:copy_strings
   */
  void build(Mm mm, byte[] arguments) {
    long top = ExecImage.STACK_TOP;
    long start = top - Long.BYTES - arguments.length;
    long vmStart = start & PAGE_MASK;
    mm.mmapLock.writeLock();
    try {
      long nrPages = (top - vmStart) >> PAGE_SHIFT;
      accounting.vmEnoughMemory(mm, nrPages);
      try {
        vmaModify.preallocVma();
      } catch (ErrnoException e) {
        accounting.vmUnacctMemory(nrPages);
        throw e;
      }
      long flags = STACK_FLAGS | protocol.initialStackFlags();
      vmaModify.link(new Vma(mm, vmStart, top, vmStart >> PAGE_SHIFT, flags));
      accounting.vmStatAccount(mm, flags, nrPages);
    } finally {
      mm.mmapLock.writeUnlock();
    }
    try {
      writeUser.write(mm, start, arguments);
    } catch (ErrnoException e) {
      throw new ErrnoException(Errno.E2BIG, "arguments that find no room");
    }
    mm.startStack = start;
  }

  /**
   * Moves the stack to where it shall end, and makes room for more than arguments.
   *
   * @throws ErrnoException ENOMEM without memory for the move; EFAULT if something is in the way or
   *     it cannot grow
   * @kernel fs/exec.c:setup_arg_pages
   */
  void settle(Mm mm, long stackTop) {
    long shift = ExecImage.STACK_TOP - stackTop;
    mm.mmapLock.writeLock();
    try {
      Vma vma = Mman.vmaAt(mm, ExecImage.STACK_TOP - 1);
      vma.startWrite();
      if (shift != 0) {
        protocol.shiftArgPages(parts, vma, shift);
        mm.startStack -= shift;
      }
      long flags = vma.vmFlagsGetOpaque();
      vma.vmFlagsSetOpaque((flags & ~VM_STACK_INCOMPLETE_SETUP) | mm.defFlags);
      long used = vma.vmEndGetOpaque() - vma.vmStartGetOpaque();
      long size = used + STACK_EXPAND;
      if (Long.compareUnsigned(mm.rlimits.stack & PAGE_MASK, size) < 0) {
        size = mm.rlimits.stack & PAGE_MASK;
      }
      if (size > used) {
        grow(vma, vma.vmEndGetOpaque() - size);
      }
    } finally {
      mm.mmapLock.writeUnlock();
    }
  }

  private void grow(Vma vma, long newStart) {
    Mm mm = vma.mm;
    long start = vma.vmStartGetOpaque();
    long nrPages = (start - newStart) >> PAGE_SHIFT;
    long flags = vma.vmFlagsGetOpaque();
    if (!accounting.mayExpandVm(mm, flags, nrPages)
        || newStart < mm.sysctl.mmapMinAddr + PAGE_SIZE) {
      throw new ErrnoException(Errno.EFAULT, "no room for the stack");
    }
    long pgoff = vma.vmPgoffGetOpaque() - nrPages;
    try {
      accounting.vmEnoughMemory(mm, nrPages);
    } catch (ErrnoException e) {
      throw new ErrnoException(Errno.EFAULT, "no memory for the stack");
    }
    try {
      vmaAdjust.adjust(vma, newStart, vma.vmEndGetOpaque(), pgoff, null);
    } catch (ErrnoException e) {
      accounting.vmUnacctMemory(nrPages);
      throw new ErrnoException(Errno.EFAULT, "no memory for the stack");
    }
    accounting.vmStatAccount(mm, flags, nrPages);
  }
}
