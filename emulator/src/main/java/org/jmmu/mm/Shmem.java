package org.jmmu.mm;

import static org.jmmu.mm.Mman.MFD_ALLOW_SEALING;
import static org.jmmu.mm.Mman.MFD_CLOEXEC;
import static org.jmmu.mm.Mman.MFD_HUGETLB;

import java.nio.charset.StandardCharsets;
import org.jmmu.alloc.FailAlloc;
import org.jmmu.filemap.Files;
import org.jmmu.hugetlb.HugePages;
import org.jmmu.hugetlb.HugetlbFiles;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.MappedFile;

/**
 * Files that live in memory alone.
 *
 * @kernel mm/shmem.c, mm/memfd.c
 */
public final class Shmem {
  private static final int MAX_NAME = 249; // NAME_MAX less "memfd:"
  private static final int MFD_HUGE_SHIFT = 26;
  private static final int MFD_HUGE_MASK = 0x3f;
  private static final int MFD_NOEXEC_SEAL = 8;
  private static final int MFD_EXEC = 0x10;
  private static final int KNOWN = MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC;

  private final Files files;
  private final HugetlbFiles hugePages;
  private final FailAlloc failAlloc;

  public Shmem(Files files, HugetlbFiles hugePages, FailAlloc failAlloc) {
    this.hugePages = hugePages;
    this.files = files;
    this.failAlloc = failAlloc;
  }

  /**
   * The file behind one shared anonymous mapping; the reference is the caller's.
   *
   * @param size of the mapping, in bytes
   * @throws ErrnoException ENOSPC without memory for the inode, ENOMEM without memory for the rest
   * @kernel mm/shmem.c:shmem_zero_setup
   */
  public MappedFile zeroSetup(long size) {
    return setup("/dev/zero (deleted)", size);
  }

  /**
   * @throws ErrnoException EINVAL, ENODEV for huge pages of another size than 2 MiB
   * @kernel mm/memfd.c:memfd_create
   */
  public MappedFile memfdCreate(String name, int flags) {
    boolean huge = (flags & MFD_HUGETLB) != 0;
    int known = huge ? KNOWN | MFD_HUGETLB | MFD_HUGE_MASK << MFD_HUGE_SHIFT : KNOWN;
    boolean both = (flags & MFD_NOEXEC_SEAL) != 0 && (flags & MFD_EXEC) != 0;
    if ((flags & ~known) != 0 || both || name.getBytes(StandardCharsets.UTF_8).length > MAX_NAME) {
      throw new ErrnoException(Errno.EINVAL, "memfd_create of " + name);
    }
    if (huge) {
      int sizeLog = (flags >>> MFD_HUGE_SHIFT) & MFD_HUGE_MASK;
      if (sizeLog != 0 && sizeLog != HugePages.HPAGE_SHIFT) {
        throw new ErrnoException(Errno.ENODEV, "memfd_create with pages of 2^" + sizeLog);
      }
      return hugePages.memfd(name);
    }
    return setup("/memfd:" + name + " (deleted)", 0);
  }

  /**
   * @kernel mm/shmem.c:__shmem_file_setup
   */
  private MappedFile setup(String path, long size) {
    if (failAlloc.shouldFail("shmem_inode_cache")) {
      throw new ErrnoException(Errno.ENOSPC, "no memory for an inode");
    }
    failAlloc.check("dentry");
    failAlloc.check("filp");
    return files.openShmem(path, size);
  }
}
