/**
 * What system calls and page faults do to an address space: one class per kernel file or main verb.
 *
 * <p>All of them are entered with no lock held and take mmap_lock themselves.
 *
 * <p>Faults do without mmap_lock if they can: they find the VMA without a lock and hold that VMA
 * alone ({@link org.jmmu.types.Vma#startRead}). Hence mmap_lock(W) by itself keeps no fault out:
 * whoever changes a VMA, or takes its pages away for good, calls {@link
 * org.jmmu.types.Vma#startWrite} first, before any page lock or lock of a reverse map. A VMA that
 * enters the tree is locked already. Nobody unlocks: that comes with the end of mmap_lock(W).
 */
@NullMarked
package org.jmmu.mm;

import org.jspecify.annotations.NullMarked;
