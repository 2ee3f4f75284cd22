package org.jmmu.phys;

/**
 * Bits of {@link PageDesc}'s flags word. Jmmu keeps its own numbering: Linux derives its from an
 * enum that changes between versions.
 *
 * @kernel include/linux/page-flags.h:enum pageflags
 */
public final class PageFlags {
  /** The page lock. Bit lock with parked waiters, see {@code lock.PageLock}. */
  public static final long PG_LOCKED = 1L << 0;

  /** Somebody may be parked on this page: unlock must wake. */
  public static final long PG_WAITERS = 1L << 1;

  /** Head of a free block in the buddy allocator. */
  public static final long PG_BUDDY = 1L << 2;

  /** Written through a page-table entry that is gone by now. */
  public static final long PG_DIRTY = 1L << 3;

  /** Accessed through a page-table entry that is gone by now. */
  public static final long PG_REFERENCED = 1L << 4;

  /** A free frame whose bytes were filled with poison, to be verified when it is given out. */
  public static final long PG_POISONED = 1L << 5;

  /** The bytes are those of the file; clear: they are still to be read, or zeroed. */
  public static final long PG_UPTODATE = 1L << 6;

  /** An anonymous page of one process alone: a write needs no copy. Guarded by the ptl. */
  public static final long PG_ANON_EXCLUSIVE = 1L << 7;

  /** Memory without a file on disk behind it: anonymous, or of a file that lives in memory. */
  public static final long PG_SWAPBACKED = 1L << 8;

  /** Taken by one who moves pages; others leave it alone. The kernel clears PG_lru instead. */
  public static final long PG_ISOLATED = 1L << 9;

  /** In the swap cache, its slot in {@code private}. Changed while the page is locked. */
  public static final long PG_SWAPCACHE = 1L << 10;

  /** A huge page that used up a reservation and is not mapped yet: freeing it gives that back. */
  public static final long PG_HUGETLB_RESTORE_RESERVE = 1L << 11;

  /** Tag in {@code mapping}: the handle names an anon_vma. */
  public static final long PAGE_MAPPING_ANON = 1L << 0;

  /** Tag in {@code mapping}: the handle names a stable node of KSM. Includes the other tag. */
  public static final long PAGE_MAPPING_KSM = PAGE_MAPPING_ANON | 1L << 1;

  private PageFlags() {}
}
