package org.jmmu.mm;

import static org.jmmu.mm.Mman.MAP_DROPPABLE;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_FIXED_NOREPLACE;
import static org.jmmu.mm.Mman.MAP_GROWSDOWN;
import static org.jmmu.mm.Mman.MAP_HUGETLB;
import static org.jmmu.mm.Mman.MAP_LOCKED;
import static org.jmmu.mm.Mman.MAP_NORESERVE;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.MAP_SHARED;
import static org.jmmu.mm.Mman.MAP_SHARED_VALIDATE;
import static org.jmmu.mm.Mman.MAP_STACK;
import static org.jmmu.mm.Mman.MAP_TYPE;
import static org.jmmu.phys.PhysMemory.PAGE_MASK;
import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;
import static org.jmmu.types.VmFlags.VM_DONTDUMP;
import static org.jmmu.types.VmFlags.VM_DONTEXPAND;
import static org.jmmu.types.VmFlags.VM_DROPPABLE;
import static org.jmmu.types.VmFlags.VM_GROWSDOWN;
import static org.jmmu.types.VmFlags.VM_HUGETLB;
import static org.jmmu.types.VmFlags.VM_LOCKED;
import static org.jmmu.types.VmFlags.VM_LOCKED_MASK;
import static org.jmmu.types.VmFlags.VM_MAYEXEC;
import static org.jmmu.types.VmFlags.VM_MAYREAD;
import static org.jmmu.types.VmFlags.VM_MAYSHARE;
import static org.jmmu.types.VmFlags.VM_MAYWRITE;
import static org.jmmu.types.VmFlags.VM_NOHUGEPAGE;
import static org.jmmu.types.VmFlags.VM_NORESERVE;
import static org.jmmu.types.VmFlags.VM_SHARED;
import static org.jmmu.types.VmFlags.VM_WIPEONFORK;

import java.util.ArrayList;
import java.util.List;
import org.jmmu.hugetlb.HugePages;
import org.jmmu.hugetlb.Hugetlb;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.MappedFile;
import org.jmmu.types.Mm;
import org.jmmu.types.VmFlags;
import org.jmmu.types.VmSysctl;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/**
 * New mappings.
 *
 * @kernel mm/mmap.c:do_mmap, mm/vma.c:mmap_region
 */
public final class Mmap {
  /** The flags of old, which MAP_SHARED takes without looking at any other. */
  private static final int LEGACY_MAP_MASK =
      MAP_SHARED
          | MAP_PRIVATE
          | MAP_FIXED
          | Mman.MAP_ANONYMOUS
          | Mman.MAP_DENYWRITE
          | Mman.MAP_EXECUTABLE
          | MAP_GROWSDOWN
          | MAP_LOCKED
          | MAP_NORESERVE
          | Mman.MAP_POPULATE
          | Mman.MAP_NONBLOCK
          | MAP_STACK
          | MAP_HUGETLB
          | Mman.MAP_32BIT
          | Mman.MAP_ABOVE4G;

  /** Where in the flags of mmap log2 of the size of huge pages stands; 0: the usual one. */
  private static final int MAP_HUGE_SHIFT = 26;

  private static final int MAP_HUGE_MASK = 0x3f;

  private final Munmap munmap;
  private final VmaModify vmaModify;
  private final Accounting accounting;
  private final Shmem shmem;
  private final Hugetlb hugetlb;

  public Mmap(
      VmaModify vmaModify, Munmap munmap, Accounting accounting, Shmem shmem, Hugetlb hugetlb) {
    this.hugetlb = hugetlb;
    this.vmaModify = vmaModify;
    this.munmap = munmap;
    this.accounting = accounting;
    this.shmem = shmem;
  }

  /** As the one below, of which nothing is left to be done at the end. */
  public long mmap(
      Mm mm, long vaddr, long length, int prot, int flags, @Nullable MappedFile file, long offset) {
    List<Vma> gone = new ArrayList<>();
    try {
      return mmap(mm, vaddr, length, prot, flags, file, offset, gone);
    } finally {
      gone.forEach(Vma::free);
    }
  }

  /**
   * @param vaddr hint, or the address itself with MAP_FIXED
   * @param length in bytes, rounded up to pages
   * @param file null for anonymous memory; the caller keeps its reference
   * @param offset of the first byte in the file
   * @param gone takes what was mapped there and holds on to a file, which the caller frees at the
   *     end of the system call: until then, pages of these files are not to be had
   * @return address of the mapping
   * @throws ErrnoException as mmap(2)
   */
  public long mmap(
      Mm mm,
      long vaddr,
      long length,
      int prot,
      int flags,
      @Nullable MappedFile file,
      long offset,
      List<Vma> gone) {
    Mman.checkAligned(offset);
    if (file != null && file.mapping.isHugetlb()) {
      return mmapPages(mm, vaddr, HugePages.align(length), prot, flags, file, offset, gone);
    }
    if ((flags & MAP_HUGETLB) == 0) {
      return mmapPages(mm, vaddr, length, prot, flags, file, offset, gone);
    }
    int sizeLog = (flags >>> MAP_HUGE_SHIFT) & MAP_HUGE_MASK;
    if (file != null || (sizeLog != 0 && sizeLog != HugePages.HPAGE_SHIFT)) {
      throw new ErrnoException(Errno.EINVAL, "MAP_HUGETLB with a file or pages that are not huge");
    }
    long bytes = HugePages.align(length);
    MappedFile hugePages = hugetlb.files.anonymous(bytes);
    try {
      return mmapPages(mm, vaddr, bytes, prot, flags, hugePages, offset, gone);
    } finally {
      hugePages.put();
    }
  }

  private long mmapPages(
      Mm mm,
      long vaddr,
      long length,
      int prot,
      int flags,
      @Nullable MappedFile file,
      long offset,
      List<Vma> gone) {
    if (length == 0) {
      throw new ErrnoException(Errno.EINVAL, "mmap of 0 bytes");
    }
    int placing = (flags & MAP_FIXED_NOREPLACE) != 0 ? flags | MAP_FIXED : flags;
    long hint = (placing & MAP_FIXED) != 0 ? vaddr : roundHintToMin(mm, vaddr);
    long bytes = Mman.pageAlign(length);
    if (bytes == 0) {
      throw new ErrnoException(Errno.ENOMEM, "mmap of all addresses");
    }
    long pgoff = offset >>> PAGE_SHIFT;
    boolean replaces = (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) == MAP_FIXED;
    if (replaces) {
      munmap.archUnmap().preUnmap(mm, hint, hint + bytes);
    }
    try {
      mm.mmapLock.writeLock();
      try {
        return mmapLocked(mm, hint, bytes, prot, placing, file, pgoff, gone);
      } finally {
        mm.mmapLock.writeUnlock();
      }
    } finally {
      if (replaces) {
        munmap.archUnmap().postUnmap(mm);
      }
    }
  }

  /**
   * A bounds table, wherever there is room.
   *
   * @throws ErrnoException ENOMEM
   * @kernel arch/x86/mm/mpx.c:mpx_mmap
   */
  public long mmapTable(Mm mm, long bytes) {
    mm.mmapLock.writeLock();
    try {
      if (mm.vmas.size() > mm.sysctl.maxMapCount) {
        throw new ErrnoException(Errno.ENOMEM, "too many VMAs");
      }
      int flags = MAP_PRIVATE | Mman.MAP_ANONYMOUS;
      long start = Placement.getUnmappedArea(mm, 0, bytes, 0, flags, null);
      long vmFlags =
          VmFlags.VM_READ
              | VmFlags.VM_WRITE
              | VmFlags.VM_MPX
              | VM_MAYREAD
              | VM_MAYWRITE
              | VM_MAYEXEC;
      mapRegion(mm, start, start + bytes, vmFlags, null, start >> PAGE_SHIFT, List.of());
      return start;
    } finally {
      mm.mmapLock.writeUnlock();
    }
  }

  private long mmapLocked(
      Mm mm,
      long hint,
      long bytes,
      int prot,
      int flags,
      @Nullable MappedFile file,
      long pgoff,
      List<Vma> gone) {
    if (mm.vmas.size() > mm.sysctl.maxMapCount) {
      throw new ErrnoException(Errno.ENOMEM, "too many VMAs");
    }
    long vmFlags =
        (prot & VmFlags.VM_ACCESS_FLAGS)
            | vmFlagBits(flags)
            | mm.defFlags
            | VM_MAYREAD
            | VM_MAYWRITE
            | VM_MAYEXEC;
    long start = Placement.getUnmappedArea(mm, hint, bytes, pgoff, flags, file);
    if ((flags & MAP_FIXED_NOREPLACE) != 0 && isMapped(mm, start, start + bytes)) {
      throw new ErrnoException(Errno.EEXIST, "something is mapped there");
    }
    if ((flags & MAP_LOCKED) != 0 && !Accounting.canDoMlock(mm)) {
      throw new ErrnoException(Errno.EPERM, "RLIMIT_MEMLOCK is 0");
    }
    if (!Accounting.mlockFutureOk(mm, vmFlags, bytes)) {
      throw new ErrnoException(Errno.EAGAIN, "RLIMIT_MEMLOCK");
    }
    vmFlags = Pkeys.ofNewMapping(mm, prot, vmFlags);
    if (file != null) {
      vmFlags = fileFlags(file, vmFlags, prot, flags, pgoff, bytes);
    } else {
      vmFlags = anonymousFlags(vmFlags, flags);
    }
    boolean huge = file != null && file.mapping.isHugetlb();
    if ((flags & MAP_NORESERVE) != 0
        && (huge || mm.sysctl.overcommitMemory != VmSysctl.OVERCOMMIT_NEVER)) {
      vmFlags |= VM_NORESERVE;
    }
    if (huge) {
      vmFlags |= VM_HUGETLB | VM_DONTEXPAND;
    }
    boolean shared = (vmFlags & VM_SHARED) != 0;
    long firstPgoff = file != null ? pgoff : shared ? 0 : start >> PAGE_SHIFT;
    mapRegion(mm, start, start + bytes, vmFlags, file, firstPgoff, gone);
    return start;
  }

  /** A hint below what may be mapped means the lowest address. @kernel mm/mmap.c */
  private static long roundHintToMin(Mm mm, long vaddr) {
    long hint = vaddr & PAGE_MASK;
    boolean low = vaddr != 0 && Long.compareUnsigned(hint, mm.sysctl.mmapMinAddr) < 0;
    return low ? Mman.pageAlign(mm.sysctl.mmapMinAddr) : hint;
  }

  /**
   * @kernel include/linux/mman.h:calc_vm_flag_bits
   */
  private static long vmFlagBits(int flags) {
    return ((flags & MAP_GROWSDOWN) != 0 ? VM_GROWSDOWN : 0)
        | ((flags & MAP_LOCKED) != 0 ? VM_LOCKED : 0)
        | ((flags & Mman.MAP_SYNC) != 0 ? VmFlags.VM_SYNC : 0)
        | ((flags & MAP_STACK) != 0 ? VM_NOHUGEPAGE : 0);
  }

  private static long fileFlags(
      MappedFile file, long vmFlags, int prot, int flags, long pgoff, long bytes) {
    if (Long.compareUnsigned(pgoff, (Long.MAX_VALUE - bytes) >> PAGE_SHIFT) > 0) {
      throw new ErrnoException(Errno.EOVERFLOW, "offset beyond any file");
    }
    long result = vmFlags;
    switch (flags & MAP_TYPE) {
      case MAP_SHARED, MAP_SHARED_VALIDATE -> {
        if ((flags & MAP_TYPE) == MAP_SHARED_VALIDATE && (flags & ~LEGACY_MAP_MASK) != MAP_SHARED) {
          checkValidated(flags);
        }
        if ((prot & Mman.PROT_WRITE) != 0 && !file.isWritable()) {
          throw new ErrnoException(Errno.EACCES, "the file is not open for writing");
        }
        result |= VM_SHARED | VM_MAYSHARE;
        if (!file.isWritable()) {
          result &= ~(VM_MAYWRITE | VM_SHARED);
        }
      }
      case MAP_PRIVATE -> {}
      default -> throw new ErrnoException(Errno.EINVAL, "neither shared nor private");
    }
    if (!file.isReadable()) {
      throw new ErrnoException(Errno.EACCES, "the file is not open for reading");
    }
    if ((result & VM_GROWSDOWN) != 0) {
      throw new ErrnoException(Errno.EINVAL, "MAP_GROWSDOWN of a file");
    }
    return result;
  }

  private static void checkValidated(int flags) {
    int unknown = flags & ~(LEGACY_MAP_MASK | MAP_SHARED_VALIDATE);
    if (unknown != 0) {
      throw new ErrnoException(
          Errno.EOPNOTSUPP, "MAP_SHARED_VALIDATE with flags 0x" + Integer.toHexString(unknown));
    }
  }

  private static long anonymousFlags(long vmFlags, int flags) {
    int type = flags & MAP_TYPE;
    if (type != MAP_PRIVATE && (vmFlags & VM_GROWSDOWN) != 0) {
      throw new ErrnoException(Errno.EINVAL, "MAP_GROWSDOWN of shared or droppable memory");
    }
    return switch (type) {
      case MAP_SHARED -> vmFlags | VM_SHARED | VM_MAYSHARE;
      case MAP_PRIVATE -> vmFlags;
      case MAP_DROPPABLE -> {
        if ((flags & MAP_LOCKED) != 0) {
          throw new ErrnoException(Errno.EINVAL, "MAP_DROPPABLE with MAP_LOCKED");
        }
        yield vmFlags | VM_DROPPABLE | VM_NORESERVE | VM_WIPEONFORK | VM_DONTDUMP;
      }
      default -> throw new ErrnoException(Errno.EINVAL, "neither shared nor private");
    };
  }

  private static boolean isMapped(Mm mm, long start, long end) {
    Vma vma = mm.vmas.find(start);
    return vma != null && vma.vmStartGetOpaque() < end;
  }

  /**
   * What is mapped there goes; its pages and charges count as free already when the limits are
   * looked at.
   *
   * @kernel mm/vma.c:__mmap_region
   */
  private void mapRegion(
      Mm mm,
      long start,
      long end,
      long flags,
      @Nullable MappedFile file,
      long pgoff,
      List<Vma> gone) {
    long nrPages = (end - start) >> PAGE_SHIFT;
    if (isMapped(mm, start, end)) {
      munmap.archUnmap().arrived(mm, start, end);
    }
    munmap.gather(mm, start, end);
    MappedPages old = MappedPages.within(mm, start, end);
    if (!accounting.mayExpandVm(mm, flags, nrPages - old.total())) {
      throw new ErrnoException(Errno.ENOMEM, "RLIMIT_AS or RLIMIT_DATA");
    }
    long vmFlags = flags;
    long charged = 0;
    if (Accounting.isAccountable(flags)) {
      accounting.vmEnoughMemory(mm, nrPages - old.accounted());
      accounting.vmAcctMemory(old.accounted()); // passed on: the old mapping gives it back below
      vmFlags |= VmFlags.VM_ACCOUNT;
      charged = nrPages;
    }
    munmap.cleanUpArea(mm, start, end, gone);
    Vma vma;
    try {
      vma = merge(mm, start, end, vmFlags, pgoff, file);
      if (vma == null) {
        vma = newVma(mm, start, end, vmFlags, pgoff, file);
        vmaModify.link(vma);
      }
    } catch (ErrnoException e) {
      accounting.vmUnacctMemory(charged); // what was mapped there is gone
      throw e;
    }
    accounting.vmStatAccount(mm, vmFlags, nrPages);
    if ((vmFlags & VM_LOCKED) != 0 && Mlock.supportsMlock(vmFlags)) {
      mm.lockedVm += nrPages;
    } else if ((vmFlags & VM_LOCKED) != 0) { // mlockall said so; too late for it to be merged
      vma.vmFlagsSetOpaque(vmFlags & ~VM_LOCKED_MASK);
    }
  }

  private void reserveHugePages(Vma vma) {
    try {
      hugetlb.files.mmap(vma);
    } catch (ErrnoException e) {
      vma.free();
      throw e;
    }
  }

  /** The neighbour that took the range over; null if none did, or without memory for that. */
  private @Nullable Vma merge(
      Mm mm, long start, long end, long flags, long pgoff, @Nullable MappedFile file) {
    try {
      return vmaModify.mergeNew(mm, start, end, flags, pgoff, file);
    } catch (ErrnoException e) {
      return null;
    }
  }

  private Vma newVma(
      Mm mm, long start, long end, long flags, long pgoff, @Nullable MappedFile file) {
    vmaModify.preallocVma();
    if (file != null) {
      Vma vma = new Vma(mm, start, end, pgoff, flags, file.get(), null);
      if (HugePages.isHugetlb(vma)) {
        reserveHugePages(vma);
      }
      return vma;
    }
    if ((flags & VM_SHARED) != 0) {
      return new Vma(mm, start, end, pgoff, flags, shmem.zeroSetup(end - start), null);
    }
    return new Vma(mm, start, end, pgoff, flags);
  }
}
