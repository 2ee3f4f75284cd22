/**
 * The reverse map: from a frame to the page-table entries that map it.
 *
 * <pre>
 *   PageDesc.mapping ──▶ AnonVma ──list──▶ AnonVmaChain ──▶ Vma ──address rule──▶ vaddr ──▶ entry
 *   PageDesc.index ───────────────────────────────────────────────┘
 *
 *   address rule: vaddr = vm_start + (index - vm_pgoff) * 4096, if that lies in [vm_start, vm_end)
 * </pre>
 *
 * A walk holds neither mmap_lock nor, on the way, any page-table lock. What keeps the list and the
 * VMA's fields still under it is {@link org.jmmu.rmap.VmaAdjustProtocol}: the seam of race
 * vma-adjust, with the merged protocol beside it as default.
 */
@NullMarked
package org.jmmu.rmap;

import org.jspecify.annotations.NullMarked;
