package org.jmmu.check;

/**
 * A broken invariant.
 *
 * @param invariant which one
 * @param where what to look at, in words: process, address, frame
 */
public record Violation(Invariant invariant, String where) {
  /** What must hold at rest. */
  public enum Invariant {
    /**
     * Every migration entry is for a locked frame that is being migrated: at rest, there is none.
     */
    NO_DANGLING_MIGRATION_ENTRY,
    /** A frame's mapcount is the number of entries that map it. */
    MAPCOUNT,
    /**
     * At rest, a frame's references are those of the entries that map it, of a page cache and of
     * the swap cache.
     */
    REFCOUNT,
    /** A page that says it belongs to one process alone is mapped once. */
    EXCLUSIVE,
    /** A page in a page cache says so, and where. */
    PAGE_CACHE,
    /**
     * A slot of a swap area counts the page-table entries that name it; one that is in use has such
     * an entry, or a page in the swap cache.
     */
    SWAP_MAP,
    /** A page in the swap cache says so, and its slot; somebody needs one of the two. */
    SWAP_CACHE,
    /** The pool counts the huge pages that there are. */
    HUGETLB_POOL,
    /**
     * As many huge pages are reserved as mappings and files have been promised and not got, and no
     * more than are free; a page of a file stands in the file's map.
     */
    HUGETLB_RESERVE,
    /** A valid entry of a managed bounds directory names a bounds table, which is its own. */
    BOUNDS_DIRECTORY,
    /**
     * A mapped frame is user memory in use, a linked frame is a page table, linked once unless it
     * is shared.
     */
    FRAME_TYPE,
    /** A table says how many entries link it; all its users map the whole GiB that it is for. */
    PMD_SHARE_COUNT,
    /** Who sets an entry of a huge page does so in a table of the address space it is for. */
    TABLE_OWNER,
    /** A frame that is not free is mapped, linked, in a page cache or reserved. */
    NO_LEAKED_FRAME,
    /** The reverse map of a mapped page leads to the entry that maps it. */
    REVERSE_MAP,
    /** No lock is held. */
    NO_LOCK_HELD,
    /** VMAs are in order, not empty, and do not overlap; every mapped page lies in one. */
    VMA_TREE
  }

  @Override
  public String toString() {
    return invariant + ": " + where;
  }
}
