package org.jmmu.hugetlb;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;
import static org.jmmu.types.VmFlags.VM_WRITE;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jmmu.filemap.PageCache;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.MappedFile;
import org.jmmu.types.Vma;

/**
 * Files of huge pages: behind every mapping with MAP_HUGETLB, and what memfd_create makes with
 * MFD_HUGETLB.
 *
 * @kernel fs/hugetlbfs/inode.c
 */
public final class HugetlbFiles {
  private final Set<AddressSpace> files = ConcurrentHashMap.newKeySet(); // all that are in use
  private final PageCache pageCache;
  private final Reservations reservations;
  private final HugetlbTruncate truncate;

  public HugetlbFiles(PageCache pageCache, Reservations reservations, HugetlbTruncate truncate) {
    this.pageCache = pageCache;
    this.reservations = reservations;
    this.truncate = truncate;
  }

  /**
   * The file behind one mapping with MAP_ANONYMOUS; the reference is the caller's.
   *
   * @kernel fs/hugetlbfs/inode.c:hugetlb_file_setup
   */
  public MappedFile anonymous(long size) {
    return open(size, "/anon_hugepage (deleted)");
  }

  /** An empty file without a directory entry; the reference is the caller's. */
  public MappedFile memfd(String name) {
    return open(0, "/memfd:" + name + " (deleted)");
  }

  /** For oracles. */
  public void forEach(Consumer<AddressSpace> action) {
    files.forEach(action);
  }

  /** Forgets all files: the machine is to be used afresh. */
  void reset() {
    files.clear();
  }

  private MappedFile open(long size, String path) {
    AddressSpace mapping = AddressSpace.ofHugePages(size);
    files.add(mapping);
    mapping.get();
    return new MappedFile(mapping, path, true, true, () -> iput(mapping));
  }

  /**
   * @kernel fs/hugetlbfs/inode.c:hugetlbfs_evict_inode
   */
  private void iput(AddressSpace mapping) {
    if (mapping.putAndTest()) {
      truncate.removeAll(mapping);
      pageCache.forget(mapping);
      files.remove(mapping);
    }
  }

  /**
   * Reserves pages for a new VMA of such a file, which nobody else knows yet. A mapping that may be
   * written to makes the file long enough.
   *
   * @throws ErrnoException EINVAL if the offset is not that of a huge page or too large, ENOMEM if
   *     there are not enough pages
   * @kernel fs/hugetlbfs/inode.c:hugetlbfs_file_mmap
   */
  public void mmap(Vma vma) {
    long offset = vma.vmPgoffGetOpaque() << PAGE_SHIFT;
    long end = offset + (vma.vmEndGetOpaque() - vma.vmStartGetOpaque());
    if (!HugePages.isAligned(offset) || offset < 0 || end < offset) {
      throw new ErrnoException(Errno.EINVAL, "offset of a mapping of huge pages");
    }
    AddressSpace mapping = HugePages.mapping(vma);
    mapping.inodeLock.writeLock();
    try {
      if (!reservations.reservePages(vma)) {
        throw new ErrnoException(Errno.ENOMEM, "not enough huge pages");
      }
      if ((vma.vmFlagsGetOpaque() & VM_WRITE) != 0 && mapping.sizeGetVolatile() < end) {
        mapping.sizeSetVolatile(end);
      }
    } finally {
      mapping.inodeLock.writeUnlock();
    }
  }
}
