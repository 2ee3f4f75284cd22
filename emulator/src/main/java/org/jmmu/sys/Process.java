package org.jmmu.sys;

import java.util.ArrayList;
import java.util.List;
import org.jmmu.hw.Cpu;
import org.jmmu.migrate.MigratePages;
import org.jmmu.mm.ExecImage;
import org.jmmu.mm.Mman;
import org.jmmu.mm.Mprotect;
import org.jmmu.mm.Pkeys;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.Mem;
import org.jmmu.proc.Maps;
import org.jmmu.proc.Pagemap;
import org.jmmu.proc.Smaps;
import org.jmmu.proc.Status;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.MappedFile;
import org.jmmu.types.Mm;
import org.jmmu.types.VmFlags;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/** A process and its system calls. Constants for arguments: {@link Mman}. */
@SuppressWarnings("AvoidCommonTypeNames") // a process is what the field calls it
public final class Process {
  private static final int NO_FD = -1;

  private final Kernel kernel;
  private final FileTable files;
  private Mm mm; // changed by execve

  Process(Kernel kernel, Mm mm, FileTable files) {
    this.kernel = kernel;
    this.mm = mm;
    this.files = files;
  }

  /** The frame of the table that has the entries of the GiB around {@code vaddr}; 0 if none has. */
  public long pmdTable(long vaddr) {
    long pmdAddr = kernel.tables.hugePteOffset(mm, vaddr);
    return pmdAddr == PageTables.NONE ? 0 : kernel.phys.pfnOfAddr(pmdAddr);
  }

  /** The frame of the huge page that is mapped at {@code vaddr}; 0 if none is. */
  public long hugePage(long vaddr) {
    long pmdAddr = kernel.tables.hugePteOffset(mm, vaddr);
    long word = pmdAddr == PageTables.NONE ? 0 : Mem.longGetAcquire(pmdAddr);
    return word == 0 ? 0 : Pte.pfn(word);
  }

  /** Its address space, for tests and tools that look below the system calls. */
  public Mm mm() {
    return mm;
  }

  /**
   * Lets {@code cpu} run this process, and returns it; called by the thread that uses the CPU. If
   * it ran another, its bounds registers are as for a new thread.
   */
  public Cpu runOn(Cpu cpu) {
    if (kernel.switchMm.running(cpu) != mm) {
      cpu.bounds().init();
    }
    kernel.switchMm.switchTo(cpu, mm);
    return cpu;
  }

  /** Lets {@code cpu} run nothing; called by the thread that used it. */
  public void leave(Cpu cpu) {
    kernel.switchMm.goIdle(cpu);
  }

  /**
   * Anonymous memory wherever there is room; see {@link #mmap(long, long, int, int, int, long)}.
   */
  public long mmap(long length, int prot, int flags) {
    return mmap(0, length, prot, flags);
  }

  /** Anonymous memory; see {@link #mmap(long, long, int, int, int, long)}. */
  public long mmap(long vaddr, long length, int prot, int flags) {
    return mmap(vaddr, length, prot, flags, NO_FD, 0);
  }

  /**
   * @param vaddr hint, or the address itself with MAP_FIXED
   * @param length in bytes, rounded up to pages
   * @param fd descriptor of the file to map; ignored with MAP_ANONYMOUS
   * @param offset of the first byte in the file
   * @return address of the mapping
   * @throws ErrnoException as mmap(2)
   */
  public long mmap(long vaddr, long length, int prot, int flags, int fd, long offset) {
    if ((flags & Mman.MAP_ANONYMOUS) != 0) {
      return mmap(vaddr, length, prot, flags, null, offset);
    }
    MappedFile file = files.get(fd);
    try {
      return mmap(vaddr, length, prot, flags, file, offset);
    } finally {
      file.put();
    }
  }

  private long mmap(
      long vaddr, long length, int prot, int flags, @Nullable MappedFile file, long offset) {
    List<Vma> gone = new ArrayList<>();
    try {
      long start = kernel.mmap.mmap(mm, vaddr, length, prot, flags, file, offset, gone);
      boolean populate = (flags & (Mman.MAP_POPULATE | Mman.MAP_NONBLOCK)) == Mman.MAP_POPULATE;
      if (populate || (flags & Mman.MAP_LOCKED) != 0 || (mm.defFlags & VmFlags.VM_LOCKED) != 0) {
        kernel.faultIn.populate(mm, start, start + Mman.pageAlign(length));
      }
      return start;
    } finally {
      gone.forEach(Vma::free); // task work, on the way back to user mode
    }
  }

  /**
   * prctl(PR_MPX_ENABLE_MANAGEMENT) on a CPU whose BNDCFGU names a directory.
   *
   * @throws ErrnoException EINVAL in a kernel without MPX, ENXIO if BNDCFGU has it off
   */
  public void mpxEnableManagement(Cpu cpu) {
    kernel.mpx.enableManagement(mm, cpu.bounds());
  }

  /**
   * prctl(PR_MPX_DISABLE_MANAGEMENT).
   *
   * @throws ErrnoException EINVAL in a kernel without MPX
   */
  public void mpxDisableManagement() {
    kernel.mpx.disableManagement(mm);
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
    kernel.mprotect.mprotect(mm, vaddr, length, prot, Mprotect.NO_PKEY);
  }

  /**
   * @param accessRights PKEY_DISABLE_ACCESS, PKEY_DISABLE_WRITE: checked only, since they belong to
   *     the PKRU register of the calling thread's CPU; see {@link Cpu#wrpkru}
   * @return a free protection key
   * @throws ErrnoException as pkey_alloc(2)
   */
  public int pkeyAlloc(int flags, int accessRights) {
    return Pkeys.alloc(mm, flags, accessRights);
  }

  /**
   * @throws ErrnoException as pkey_free(2)
   */
  public void pkeyFree(int pkey) {
    Pkeys.free(mm, pkey);
  }

  /**
   * @param pkey -1 for mprotect
   * @throws ErrnoException as pkey_mprotect(2)
   */
  public void pkeyMprotect(long vaddr, long length, int prot, int pkey) {
    kernel.mprotect.mprotect(mm, vaddr, length, prot, pkey);
  }

  /**
   * @param newVaddr only with MREMAP_FIXED, and a hint with MREMAP_DONTUNMAP
   * @return where the mapping is now
   * @throws ErrnoException as mremap(2)
   */
  public long mremap(long vaddr, long oldLength, long newLength, int flags, long newVaddr) {
    return kernel.mremap.mremap(mm, vaddr, oldLength, newLength, flags, newVaddr);
  }

  /**
   * @param brk the end of the heap that is wanted
   * @return the end of the heap as it is now; brk never fails otherwise
   */
  public long brk(long brk) {
    return kernel.brk.brk(mm, brk);
  }

  /**
   * @throws ErrnoException as madvise(2)
   */
  public void madvise(long vaddr, long length, int advice) {
    kernel.madvise.madvise(mm, vaddr, length, advice);
  }

  /**
   * @throws ErrnoException as mlock(2)
   */
  public void mlock(long vaddr, long length) {
    mlock2(vaddr, length, 0);
  }

  /**
   * @param flags 0 or MLOCK_ONFAULT
   * @throws ErrnoException as mlock2(2)
   */
  public void mlock2(long vaddr, long length, int flags) {
    kernel.mlock.mlock(mm, vaddr, length, flags);
  }

  /**
   * @throws ErrnoException as munlock(2)
   */
  public void munlock(long vaddr, long length) {
    kernel.mlock.munlock(mm, vaddr, length);
  }

  /**
   * @throws ErrnoException as mlockall(2)
   */
  public void mlockall(int flags) {
    kernel.mlock.mlockall(mm, flags);
  }

  /** Unlocks all. */
  public void munlockall() {
    kernel.mlock.munlockall(mm);
  }

  /**
   * @throws ErrnoException as msync(2)
   */
  public void msync(long vaddr, long length, int flags) {
    kernel.msync.msync(mm, vaddr, length, flags);
  }

  /**
   * @return a byte a page, its bit 0: in memory
   * @throws ErrnoException as mincore(2)
   */
  public byte[] mincore(long vaddr, long length) {
    return kernel.mincore.mincore(mm, vaddr, length);
  }

  /**
   * @return a descriptor of a new file without a directory entry
   * @throws ErrnoException as memfd_create(2)
   */
  public int memfdCreate(String name, int flags) {
    return files.install(kernel.shmem.memfdCreate(name, flags));
  }

  /**
   * A descriptor of a file that was opened already: its reference passes to the descriptor.
   *
   * @return the lowest free descriptor
   */
  public int install(MappedFile file) {
    return files.install(file);
  }

  /**
   * @throws ErrnoException EBADF
   */
  public void close(int fd) {
    files.close(fd);
  }

  /**
   * @throws ErrnoException as ftruncate(2)
   */
  public void ftruncate(int fd, long size) {
    MappedFile file = files.get(fd);
    try {
      kernel.fileIo.ftruncate(file, size);
    } finally {
      file.put();
    }
  }

  /**
   * @param mode FALLOC_FL_...
   * @throws ErrnoException as fallocate(2)
   */
  public void fallocate(int fd, int mode, long offset, long length) {
    MappedFile file = files.get(fd);
    try {
      kernel.fileIo.fallocate(file, mode, offset, length);
    } finally {
      file.put();
    }
  }

  /**
   * @return bytes read, less than asked for at the end of the file
   * @throws ErrnoException as pread(2)
   */
  public int pread(int fd, byte[] buffer, long offset) {
    MappedFile file = files.get(fd);
    try {
      return kernel.fileIo.pread(file, buffer, offset);
    } finally {
      file.put();
    }
  }

  /**
   * @return bytes written
   * @throws ErrnoException as pwrite(2)
   */
  public int pwrite(int fd, byte[] buffer, long offset) {
    MappedFile file = files.get(fd);
    try {
      return kernel.fileIo.pwrite(file, buffer, offset);
    } finally {
      file.put();
    }
  }

  /**
   * A userfaultfd for this address space.
   *
   * @param flags UFFD_USER_MODE_ONLY, O_NONBLOCK, O_CLOEXEC
   * @throws ErrnoException EINVAL
   */
  public UserfaultFd userfaultfd(int flags) {
    return new UserfaultFd(kernel, kernel.userfaultfd.create(mm, flags));
  }

  /**
   * A child with a copy of the address space; pages are shared until one side writes.
   *
   * @throws ErrnoException ENOMEM
   */
  public Process fork() {
    return new Process(kernel, kernel.fork(mm), files.copy());
  }

  /** A child that shares the address space. @kernel kernel/fork.c:kernel_clone with CLONE_VM */
  public Process cloneVm() {
    mm.get();
    return new Process(kernel, mm, files.copy());
  }

  /**
   * As {@link #cloneVm}. In Linux the caller then waits until the child has called {@link #execve}
   * or {@link #exit}; here nothing stops it, so that a test can be both.
   */
  public Process vfork() {
    return cloneVm();
  }

  /**
   * Puts a new program into this process. A CPU that ran the old one has to be given to it again,
   * by {@link #runOn}.
   *
   * @throws ErrnoException as execve(2), ENOMEM above all; the old program is still there then,
   *     other than in Linux, where it is gone once its image has begun to be replaced
   */
  public void execve(ExecImage image) {
    Mm old = mm;
    mm = kernel.exec(old, image);
    kernel.exit(old);
  }

  /**
   * Moves pages of this process to memory nodes, for a caller with CAP_SYS_NICE.
   *
   * @param pages addresses
   * @param nodes where each of them is to go; null only asks where they are
   * @param status filled with each page's node, or minus an errno; see move_pages(2)
   * @param flags MPOL_MF_MOVE, MPOL_MF_MOVE_ALL
   * @return pages that were not moved
   * @throws ErrnoException as move_pages(2)
   */
  public int movePages(long[] pages, int @Nullable [] nodes, int[] status, int flags) {
    return kernel.movePages.movePages(mm, pages, nodes, status, flags);
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

  /** What {@code /proc/PID/maps} shows. */
  public String maps() {
    return Maps.of(mm);
  }

  /** What {@code /proc/PID/smaps} shows. */
  public String smaps() {
    return Smaps.of(kernel.phys, kernel.tables, kernel.swapfile, mm);
  }

  /** The memory lines of what {@code /proc/PID/status} shows. */
  public String status() {
    return Status.of(kernel.phys, kernel.tables, kernel.swapfile, mm);
  }

  /**
   * What {@code /proc/PID/pagemap} has for {@code nrPages} pages from {@code vaddr} on; bits: see
   * {@link Pagemap}.
   */
  public long[] pagemap(long vaddr, int nrPages) {
    return Pagemap.of(kernel.phys, kernel.tables, mm, vaddr, nrPages);
  }

  /** Ends the process; no thread may be using it, or a CPU that runs it. */
  public void exit() {
    kernel.exit(mm);
    files.closeAll();
  }
}
