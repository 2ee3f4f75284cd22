package org.jmmu.sys;

import org.jmmu.hw.Cpu;
import org.jmmu.migrate.MigratePages;
import org.jmmu.mm.Mman;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;

/** A process and its system calls. Constants for arguments: {@link Mman}. */
@SuppressWarnings("AvoidCommonTypeNames") // a process is what the field calls it
public final class Process {
  private final Kernel kernel;
  private final Mm mm;

  Process(Kernel kernel, Mm mm) {
    this.kernel = kernel;
    this.mm = mm;
  }

  /** Its address space, for tests and tools that look below the system calls. */
  public Mm mm() {
    return mm;
  }

  /** Lets {@code cpu} run this process, and returns it; called by the thread that uses the CPU. */
  public Cpu runOn(Cpu cpu) {
    kernel.switchMm.switchTo(cpu, mm);
    return cpu;
  }

  /** Lets {@code cpu} run nothing; called by the thread that used it. */
  public void leave(Cpu cpu) {
    kernel.switchMm.goIdle(cpu);
  }

  /**
   * @throws ErrnoException as {@link org.jmmu.mm.Mmap#mmap}
   */
  public long mmap(long length, int prot, int flags) {
    return mmap(0, length, prot, flags);
  }

  /**
   * @throws ErrnoException as {@link org.jmmu.mm.Mmap#mmap}
   */
  public long mmap(long vaddr, long length, int prot, int flags) {
    return kernel.mmap.mmap(mm, vaddr, length, prot, flags);
  }

  /**
   * @throws ErrnoException as {@link org.jmmu.mm.Munmap#munmap}
   */
  public void munmap(long vaddr, long length) {
    kernel.munmap.munmap(mm, vaddr, length);
  }

  /**
   * @throws ErrnoException as {@link org.jmmu.mm.Mprotect#mprotect}
   */
  public void mprotect(long vaddr, long length, int prot) {
    kernel.mprotect.mprotect(mm, vaddr, length, prot);
  }

  /**
   * A child with a copy of the address space; pages are shared until one side writes.
   *
   * @throws ErrnoException ENOMEM
   */
  public Process fork() {
    return new Process(kernel, kernel.fork(mm));
  }

  /** Moves the page at {@code vaddr} to another frame. @throws ErrnoException EFAULT if none is */
  public MigratePages.Result movePage(long vaddr) {
    return kernel.movePages.movePage(mm, vaddr);
  }

  /**
   * Takes a reference on the page at {@code vaddr}, for {@link Machine#migratePage}.
   *
   * @return its frame
   * @throws ErrnoException EFAULT if there is none
   */
  public long isolatePage(long vaddr) {
    return kernel.movePages.isolate(mm, vaddr);
  }

  /** Ends the process; no thread may be using it, or a CPU that runs it. */
  public void exit() {
    kernel.exit(mm);
  }
}
