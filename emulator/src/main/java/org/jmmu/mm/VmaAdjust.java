package org.jmmu.mm;

import org.jmmu.alloc.FailAlloc;
import org.jmmu.hugetlb.HugePages;
import org.jmmu.hugetlb.HugetlbUnmap;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.MappedFile;
import org.jmmu.types.Vma;
import org.jmmu.types.VmaTree;
import org.jspecify.annotations.Nullable;

/**
 * Carries out a change of VMA ranges that was decided on: in the tree, on the lists of the file
 * and, by the protocol of race vma-adjust, of the anon_vmas. The caller holds mmap_lock(W).
 *
 * @kernel mm/vma.c:vma_prepare, vma_complete, vma_link
 */
public final class VmaAdjust {
  private final AnonVmas anonVmas;
  private final FailAlloc failAlloc;
  private final HugetlbUnmap hugePages;
  private final UnshareSplitProtocol unshareSplit;

  VmaAdjust(
      AnonVmas anonVmas,
      FailAlloc failAlloc,
      HugetlbUnmap hugePages,
      UnshareSplitProtocol unshareSplit) {
    this.hugePages = hugePages;
    this.unshareSplit = unshareSplit;
    this.anonVmas = anonVmas;
    this.failAlloc = failAlloc;
  }

  /**
   * Gives {@code vma} the range [{@code start}, {@code end}) and offset {@code pgoff}. The VMAs
   * behind it that are covered then disappear, the one that is cut into gives way, or grows into
   * what is left. They all map the same file.
   *
   * @param insert a VMA, on the anon_vma lists already, that fills what {@code vma} gives up; the
   *     caller has called {@link #prealloc}
   * @throws ErrnoException ENOMEM, with nothing changed; not if there is something to insert
   */
  public void adjust(Vma vma, long start, long end, long pgoff, @Nullable Vma insert) {
    VmaTree vmas = vma.mm.vmas;
    MappedFile file = vma.file;
    Vma first = insert == null ? vmas.next(vma) : null;
    Vma second = first != null && first.vmEndGetOpaque() < end ? vmas.next(first) : null;
    boolean firstGoes = first != null && first.vmEndGetOpaque() <= end;
    boolean secondGoes = second != null && second.vmEndGetOpaque() <= end;
    startWrite(vma, first, second);
    if (insert == null) {
      prepare(vma, end, first, second);
    }
    if (file == null) {
      move(vma, start, end, pgoff, insert);
      return;
    }
    boolean neighbour = first != null && first.file == file;
    file.mapping.iMmapRwsem.writeLock();
    try {
      if (insert != null && HugePages.isHugetlb(vma)) {
        unshareSplit.split(hugePages, vma, start > vma.vmStartGetOpaque() ? start : end);
      }
      file.mapping.iMmap.remove(vma);
      if (neighbour && first != null) {
        file.mapping.iMmap.remove(first);
      }
      if (secondGoes && second != null) {
        file.mapping.iMmap.remove(second);
      }
      move(vma, start, end, pgoff, insert);
      file.mapping.iMmap.insert(vma);
      if (neighbour && !firstGoes && first != null) {
        file.mapping.iMmap.insert(first);
      }
      if (insert != null) {
        file.mapping.iMmap.insert(insert);
      }
    } finally {
      file.mapping.iMmapRwsem.writeUnlock();
    }
    if (firstGoes) {
      file.put();
    }
    if (secondGoes) {
      file.put();
    }
  }

  /** Before any lock that a fault inside may be waiting for. */
  private static void startWrite(Vma vma, @Nullable Vma first, @Nullable Vma second) {
    vma.startWrite();
    if (first != null) {
      first.startWrite();
    }
    if (second != null) {
      second.startWrite();
    }
  }

  /**
   * Everything that may fail. The protocol then finds that the anon_vmas were taken over already.
   *
   * @kernel mm/vma.c:dup_anon_vma, vma_iter_prealloc
   */
  private void prepare(Vma vma, long end, @Nullable Vma first, @Nullable Vma second) {
    Vma importer = vma;
    boolean grows = first != null && end > first.vmStartGetOpaque();
    if (!grows && first != null && end < vma.vmEndGetOpaque()) {
      importer = first;
    }
    boolean untouched = importer.anonVmaGetAcquire() == null;
    try {
      if (importer == first) {
        anonVmas.importChain(importer, vma);
      } else if (grows && first != null) {
        anonVmas.importChain(vma, first);
        if (second != null && end > second.vmStartGetOpaque()) {
          anonVmas.importChain(vma, second);
        }
      }
      prealloc();
    } catch (ErrnoException e) {
      if (untouched) {
        anonVmas.unlink(importer);
      }
      throw e;
    }
  }

  /**
   * Room in the tree for one change.
   *
   * @throws ErrnoException ENOMEM
   * @kernel mm/vma.h:vma_iter_prealloc
   */
  void prealloc() {
    failAlloc.check("maple_node");
  }

  /**
   * Makes a new VMA, for which {@link #prealloc} made room and which is on its anon_vma lists
   * already, part of the address space.
   */
  void link(Vma vma) {
    if (vma.file != null) {
      vma.file.mapping.iMmapRwsem.writeLock();
      vma.mm.vmas.insert(vma);
      vma.file.mapping.iMmap.insert(vma);
      vma.file.mapping.iMmapRwsem.writeUnlock();
    } else {
      vma.mm.vmas.insert(vma);
    }
  }

  /** No reverse-map walk finds the VMA any more. @kernel mm/memory.c:free_pgtables */
  void unlinkRmap(Vma vma) {
    anonVmas.unlink(vma);
    if (vma.file != null) {
      vma.file.mapping.iMmapRwsem.writeLock();
      vma.file.mapping.iMmap.remove(vma);
      vma.file.mapping.iMmapRwsem.writeUnlock();
    }
  }

  private void move(Vma vma, long start, long end, long pgoff, @Nullable Vma insert) {
    anonVmas.protocol().vmaAdjust(anonVmas, vma, start, end, pgoff, insert);
    // The protocol moves boundaries of the VMA in place, and of the one behind it, unless another
    // takes over what the VMA gives up.
    VmaTree vmas = vma.mm.vmas;
    vmas.rangeChanged(vma);
    Vma next = insert == null ? vmas.next(vma) : null;
    if (next != null) {
      vmas.rangeChanged(next);
    }
  }
}
