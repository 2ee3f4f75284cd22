package org.jmmu.mm;

import org.jmmu.alloc.Frames;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Vma;

/**
 * Seam of race exec-stack: how execve moves the stack of a new program down, with its pages, while
 * reverse-map walks look for them.
 *
 * <p>An implementation has no state of its own; it serves all machines.
 */
public interface ExecStackProtocol {
  /** What an implementation works with: the parts of one machine. */
  record Parts(
      Frames frames,
      PageTables tables,
      TlbFlush tlbFlush,
      AnonVmas anonVmas,
      VmaAdjust vmaAdjust,
      MovePageTables movePageTables,
      Accounting accounting) {}

  /**
   * What the flags of a stack say beside the usual until it is where it shall be: nothing, or
   * {@link org.jmmu.types.VmFlags#VM_STACK_INCOMPLETE_SETUP}.
   *
   * @kernel fs/exec.c:__bprm_mm_init
   */
  long initialStackFlags();

  /**
   * Moves a stack and its pages down. The caller holds mmap_lock(W) and the VMA's lock.
   *
   * @param vma the only one of its address space
   * @param shift bytes
   * @throws ErrnoException ENOMEM without memory for the move, with any part of the pages moved:
   *     the address space is to be torn down; EFAULT if something is in the way
   * @kernel fs/exec.c:shift_arg_pages, mm/vma_exec.c:relocate_vma_down
   */
  void shiftArgPages(Parts parts, Vma vma, long shift);
}
