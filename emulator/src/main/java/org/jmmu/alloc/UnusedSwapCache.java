package org.jmmu.alloc;

/** What the swap cache wants to know of references to its pages, one of which is its own. */
public interface UnusedSwapCache {
  /** All references to a page with PG_SWAPCACHE but one have been dropped. */
  void oneReferenceLeft(long pfn);
}
