package org.jmmu.mm;

import static org.jmmu.types.VmFlags.VM_MERGEABLE;

import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.rmap.PageRmap;
import org.jmmu.rmap.RmapWalk;
import org.jmmu.types.AnonVma;
import org.jmmu.types.Vma;

/**
 * Pages of the swap cache that places need which have nothing to do with each other: they were
 * merged when they were swapped out, and so share a slot.
 *
 * <p>Whoever comes first after such a page was read has it for his own, and reverse-map walks from
 * there do not find the others. A page that has not left memory is merged still, and can be mapped
 * as before, if its reverse map still knows the place: mremap and MADV_UNMERGEABLE give a process
 * its own copies of merged pages, but pass over those that are swapped out. Linux does not look,
 * and has a page then that can neither be moved nor swapped out.
 *
 * @kernel mm/ksm.c:ksm_might_need_to_copy
 */
final class SharedSwap {
  private final PhysMemory phys;
  private final Frames frames;
  private final AnonVmas anonVmas;
  private final PageRmap pageRmap;
  private final RmapWalk rmapWalk;

  SharedSwap(
      PhysMemory phys, Frames frames, AnonVmas anonVmas, PageRmap pageRmap, RmapWalk rmapWalk) {
    this.phys = phys;
    this.frames = frames;
    this.anonVmas = anonVmas;
    this.pageRmap = pageRmap;
    this.rmapWalk = rmapWalk;
  }

  /** Whether a place that names the slot cannot have the page itself; the page is locked. */
  boolean mightNeedToCopy(Vma vma, long vaddr, long pfn) {
    if (!pageRmap.isAnon(pfn)) {
      return false; // nobody's yet
    }
    if (pageRmap.isKsm(pfn)) {
      return (vma.vmFlagsGetOpaque() & VM_MERGEABLE) == 0 || !leadsTo(pfn, vma, vaddr);
    }
    AnonVma owner = anonVmas.of(PageDesc.mappingGetAcquire(phys, pfn));
    AnonVma own = vma.anonVmaGetAcquire();
    return owner == null
        || own == null
        || owner.root() != own.root()
        || PageDesc.indexGetOpaque(phys, pfn) != vma.linearPageIndex(vaddr);
  }

  private boolean leadsTo(long pfn, Vma vma, long vaddr) {
    boolean[] found = new boolean[1];
    rmapWalk.walk(
        pfn,
        (page, there, at, arg) -> {
          found[0] = there == vma && at == vaddr;
          return !found[0];
        },
        0);
    return found[0];
  }

  /** A page of one's own with the content of a locked one, or {@link Buddy#NO_FRAME}. */
  long copyOf(long pfn) {
    long copy = frames.alloc(FrameType.USER);
    if (copy != Buddy.NO_FRAME) {
      phys.copyPage(pfn, copy);
    }
    return copy;
  }
}
