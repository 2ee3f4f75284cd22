/**
 * The hardware: a CPU with its control registers, page walker and TLB, and the inter-processor
 * interrupts that keep the TLBs of several CPUs honest.
 *
 * <p>What the silicon does is taken from the Intel Software Developer's Manual, volume 3 (SDM),
 * chapter 4; the one place where AMD differs is selected in {@link org.jmmu.hw.CpuModel}. There are
 * no paging-structure caches: a walk always starts at CR3, as the manual allows.
 *
 * <h2>Shootdown</h2>
 *
 * A TLB is read and written by its own CPU only. Another CPU that has changed a page table posts a
 * request to the {@link org.jmmu.hw.Ipi} of each target; {@link org.jmmu.hw.Shootdown} returns once
 * no target can use an old translation any more. The access path pays no fence and no atomic:
 *
 * <pre>
 *   target: load                     target: store, RMW, walk        shooter
 *   ------------                     ------------------------        -------
 *   look up TLB                      section = odd                   change page table
 *   v = load data                    (compiler barrier)              pending |= request
 *   pending set? flush, redo         pending set? flush, redo        membarrier(2)
 *   return v                         look up TLB or walk, access     section odd? wait until it moves
 *                                    section = even                  (old frame may be reused now)
 * </pre>
 *
 * <ul>
 *   <li><b>Load.</b> Loads are not reordered with loads on x86, so {@code pending} read as zero
 *       after the data proves that the data was read before the request was posted. A load that saw
 *       the frame's next owner therefore sees the request too, and is redone.
 *   <li><b>Store.</b> A store cannot be taken back, so it asks first. Store then load is the one
 *       pair that x86 does reorder: {@code section = odd} could still sit in the store buffer when
 *       {@code pending} is read. The membarrier system call runs a full fence on every CPU that
 *       executes a thread of this process, in place of a fence in every store: after it, either the
 *       shooter sees the section odd and waits, or the target sees the request.
 *   <li><b>Walk.</b> The walk and the TLB fill are inside the section as well, because a walk sets
 *       accessed and dirty bits in page tables, which may be freed once a shootdown has returned.
 *       An entry filled from the old table stays in the TLB, but a request is then pending, and
 *       every access looks at {@code pending} before it returns or before it stores.
 * </ul>
 *
 * The shooter does not wait until the target has emptied its mailbox, so a target that is
 * descheduled, or that sits in a fault handler, delays nobody. Where the host has no membarrier,
 * and on a CPU that has entered the kernel, the section starts with a full fence instead.
 */
@NullMarked
package org.jmmu.hw;

import org.jspecify.annotations.NullMarked;
