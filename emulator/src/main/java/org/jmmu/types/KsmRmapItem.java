package org.jmmu.types;

import org.jspecify.annotations.Nullable;

/**
 * One place where a page that may be merged with others is, or was, mapped. Guarded by the mutex of
 * the scanner; the links of a merged page also by the page lock, which reverse-map walks hold.
 *
 * @kernel mm/ksm.c:struct ksm_rmap_item
 */
public final class KsmRmapItem {
  public final Mm mm;

  /** Page aligned. */
  public final long address;

  /** Where the VMAs are that may map the page there; pinned while it is not null. */
  public @Nullable AnonVma anonVma;

  /** The merged page that is mapped here; null as long as there is none. */
  public @Nullable KsmStableNode node;

  /** Of the page when it was last looked at: what changes often is not worth merging. */
  public long oldChecksum;

  /** Number of the last pass that saw a page here. */
  public long seqnr;

  @Nullable KsmRmapItem next; // on the list of the node

  public KsmRmapItem(Mm mm, long address) {
    this.mm = mm;
    this.address = address;
  }

  /** The next place where the same merged page is mapped. The caller holds the page lock. */
  public @Nullable KsmRmapItem next() {
    return next;
  }
}
