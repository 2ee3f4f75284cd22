/**
 * Kernel samepage merging: pages of equal content, in memory that processes gave leave to merge,
 * become one read-only page; a write to it makes a copy again.
 *
 * <pre>
 *   rmap_item ─┐                              page.mapping
 *   rmap_item ─┼─▶ stable node ─▶ merged page ─────────────▶ stable node
 *   rmap_item ─┘   (by checksum)
 *   rmap_item ───▶ unstable table: pages that looked still in two passes, not merged yet
 * </pre>
 *
 * Linux keeps both kinds in trees ordered by content, of which the unstable one gets out of order
 * when pages change. Tables by checksum do the same without that; equality is still decided byte by
 * byte, once nobody can write any more.
 */
@NullMarked
package org.jmmu.ksm;

import org.jspecify.annotations.NullMarked;
