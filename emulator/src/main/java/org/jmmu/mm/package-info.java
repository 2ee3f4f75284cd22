/**
 * What system calls and page faults do to an address space: one class per kernel file or main verb.
 *
 * <p>All of them are entered with no lock held and take mmap_lock themselves.
 */
@NullMarked
package org.jmmu.mm;

import org.jspecify.annotations.NullMarked;
