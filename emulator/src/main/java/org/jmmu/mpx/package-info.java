/**
 * Memory Protection Extensions, as Linux 3.19 to 5.5 had them: bounds tables that the kernel
 * allocates when a program first stores bounds, and frees when the data is unmapped that they were
 * for.
 *
 * <p>The directory is user memory, so that the kernel reads and changes it by accesses that may
 * fault, at a time when it holds mmap_lock. How it gets out of that is {@link
 * org.jmmu.mpx.MpxUnmapProtocol}, the seam of race mpx-unmap. Without an era there is no MPX: 5.6
 * took it out.
 */
@NullMarked
package org.jmmu.mpx;

import org.jspecify.annotations.NullMarked;
