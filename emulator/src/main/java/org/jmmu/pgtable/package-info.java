/**
 * Page tables as the kernel sees them: finding and making entries, the split page-table locks, and
 * taking translations out of the TLBs before what they point at is freed.
 *
 * <p>An entry is named by the native address of its word. Kernel code changes a present entry only
 * under the ptl of its table; hardware sets A and D under no lock at all, hence {@code
 * ptepGetAndClear}.
 */
@NullMarked
package org.jmmu.pgtable;

import org.jspecify.annotations.NullMarked;
