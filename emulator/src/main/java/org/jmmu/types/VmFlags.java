package org.jmmu.types;

/**
 * Flags of a VMA, with the kernel's values.
 *
 * @kernel include/linux/mm.h:VM_READ
 */
public final class VmFlags {
  public static final long VM_READ = 0x1;
  public static final long VM_WRITE = 0x2;
  public static final long VM_EXEC = 0x4;
  public static final long VM_SHARED = 0x8;

  /** What mprotect may give; the limits of {@link #VM_READ}, {@link #VM_WRITE}, ... */
  public static final long VM_MAYREAD = 0x10;

  public static final long VM_MAYWRITE = 0x20;
  public static final long VM_MAYEXEC = 0x40;
  public static final long VM_MAYSHARE = 0x80;

  /** A stack: grows to a fault below it. */
  public static final long VM_GROWSDOWN = 0x100;

  public static final long VM_UFFD_MISSING = 0x200;

  /** Maps frames without descriptors: the vvar pages. */
  public static final long VM_PFNMAP = 0x400;

  public static final long VM_UFFD_WP = 0x1000;
  public static final long VM_LOCKED = 0x2000;
  public static final long VM_IO = 0x4000;
  public static final long VM_SEQ_READ = 0x8000;
  public static final long VM_RAND_READ = 0x1_0000;

  /** fork leaves it out. */
  public static final long VM_DONTCOPY = 0x2_0000;

  /** mremap may not make it longer. */
  public static final long VM_DONTEXPAND = 0x4_0000;

  public static final long VM_LOCKONFAULT = 0x8_0000;

  /** Counts against the commit limit. */
  public static final long VM_ACCOUNT = 0x10_0000;

  public static final long VM_NORESERVE = 0x20_0000;
  public static final long VM_HUGETLB = 0x40_0000;

  /** MAP_SYNC; means nothing for anonymous memory, but keeps VMAs apart there too. */
  public static final long VM_SYNC = 0x80_0000;

  public static final long VM_WIPEONFORK = 0x200_0000;
  public static final long VM_DONTDUMP = 0x400_0000;

  /** Differs without keeping VMAs apart. */
  public static final long VM_SOFTDIRTY = 0x800_0000;

  public static final long VM_MIXEDMAP = 0x1000_0000;
  public static final long VM_HUGEPAGE = 0x2000_0000;
  public static final long VM_NOHUGEPAGE = 0x4000_0000;
  public static final long VM_MERGEABLE = 0x8000_0000L;

  /** First of the four bits of the protection key. */
  public static final int VM_PKEY_SHIFT = 32;

  public static final long VM_PKEY = 0xfL << VM_PKEY_SHIFT;

  /** A bounds table. */
  public static final long VM_MPX = 1L << 36;

  /** Reclaim may drop the pages unwritten. */
  public static final long VM_DROPPABLE = 1L << 40;

  /** Of shared memory: a page that is in the page cache is not mapped without asking. */
  public static final long VM_UFFD_MINOR = 1L << 41;

  /** How a userfaultfd watches the range. */
  public static final long VM_UFFD_FLAGS = VM_UFFD_MISSING | VM_UFFD_WP | VM_UFFD_MINOR;

  /** The bits that mprotect changes. */
  public static final long VM_ACCESS_FLAGS = VM_READ | VM_WRITE | VM_EXEC;

  /** Mappings that are never merged. */
  public static final long VM_SPECIAL = VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP;

  public static final long VM_LOCKED_MASK = VM_LOCKED | VM_LOCKONFAULT;

  /** Both kinds of reading ahead at once: a stack that execve has not brought to its place. */
  public static final long VM_STACK_INCOMPLETE_SETUP = VM_RAND_READ | VM_SEQ_READ;

  private VmFlags() {}
}
