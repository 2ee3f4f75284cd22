package org.jmmu.mm;

import static org.jmmu.mm.Mman.FALLOC_FL_KEEP_SIZE;
import static org.jmmu.mm.Mman.FALLOC_FL_PUNCH_HOLE;
import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.util.Arrays;
import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.filemap.GetFolio;
import org.jmmu.filemap.PageCache;
import org.jmmu.hugetlb.HugePages;
import org.jmmu.hugetlb.HugetlbTruncate;
import org.jmmu.lock.PageLock;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.MappedFile;
import org.jmmu.types.XArray;

/**
 * Reading, writing and resizing files by system call, through their page caches.
 *
 * @kernel fs/read_write.c, fs/open.c:vfs_fallocate, mm/shmem.c
 */
public final class FileIo {
  private final PhysMemory phys;
  private final Frames frames;
  private final PageCache pageCache;
  private final GetFolio getFolio;
  private final Truncate truncate;
  private final HugetlbTruncate hugePages;

  public FileIo(
      PhysMemory phys,
      Frames frames,
      PageCache pageCache,
      GetFolio getFolio,
      Truncate truncate,
      HugetlbTruncate hugePages) {
    this.hugePages = hugePages;
    this.phys = phys;
    this.frames = frames;
    this.pageCache = pageCache;
    this.getFolio = getFolio;
    this.truncate = truncate;
  }

  /**
   * @return bytes read, fewer than asked for at the end of the file or before a page that cannot be
   *     read
   * @throws ErrnoException EBADF, EINVAL, EIO, ENOMEM
   * @kernel mm/filemap.c:filemap_read, mm/shmem.c:shmem_file_read_iter
   */
  public int pread(MappedFile file, byte[] buffer, long offset) {
    check(file.isReadable(), Errno.EBADF, "not open for reading");
    check(offset >= 0, Errno.EINVAL, "negative offset");
    int done = 0;
    while (done < buffer.length) {
      long at = offset + done;
      long left = Math.min(buffer.length - done, file.mapping.sizeGetVolatile() - at);
      if (left <= 0) {
        break;
      }
      int inPage = (int) (at & (PAGE_SIZE - 1));
      int bytes = (int) Math.min(left, PAGE_SIZE - inPage);
      long error = readPage(file.mapping, at >>> PAGE_SHIFT, inPage, buffer, done, bytes);
      if (error == GetFolio.BEYOND_EOF) {
        break;
      }
      if (error != 0 && done > 0) {
        break;
      }
      if (error != 0) {
        throw failure(error);
      }
      done += bytes;
    }
    return done;
  }

  /** 0, or one of the errors of {@link GetFolio}. */
  private long readPage(
      AddressSpace mapping, long index, int inPage, byte[] buffer, int to, int bytes) {
    long pfn;
    long frame = mapping.isHugetlb() ? index & (HugePages.NR_FRAMES - 1) : 0; // of the page
    if (mapping.isShmem() || mapping.isHugetlb()) {
      pfn = findOrSwapIn(mapping, index - frame); // a hole stays one
      if (pfn < 0) {
        return pfn;
      }
      if (pfn == Buddy.NO_FRAME || !pageCache.isUptodate(pfn)) {
        Arrays.fill(buffer, to, to + bytes, (byte) 0);
        if (pfn != Buddy.NO_FRAME) {
          pageCache.unlockPut(pfn);
        }
        return 0;
      }
    } else {
      pfn = getFolio.lockedUptodate(mapping, index, GetFolio.Sgp.CACHE);
      if (pfn < 0) {
        return pfn;
      }
    }
    Mem.copyOut(phys.frameAddr(pfn + frame) + inPage, buffer, to, bytes);
    pageCache.unlockPut(pfn);
    return 0;
  }

  /** A page that there is, locked; {@link Buddy#NO_FRAME} if there is none, or an error. */
  private long findOrSwapIn(AddressSpace mapping, long index) {
    while (true) {
      long pfn = pageCache.findLock(mapping, index);
      if (pfn == Buddy.NO_FRAME && XArray.isValue(mapping.pages.load(index))) {
        pfn = getFolio.lockedUptodate(mapping, index, GetFolio.Sgp.WRITE);
      }
      if (pfn != Buddy.NO_FRAME || mapping.pages.load(index) == 0) {
        return pfn;
      }
    }
  }

  /**
   * @return bytes written, fewer than asked for if memory runs out on the way
   * @throws ErrnoException EBADF, EINVAL, EIO, ENOMEM
   * @kernel mm/filemap.c:generic_perform_write
   */
  public int pwrite(MappedFile file, byte[] buffer, long offset) {
    check(file.isWritable(), Errno.EBADF, "not open for writing");
    check(
        offset >= 0 && offset <= Long.MAX_VALUE - buffer.length, Errno.EINVAL, "offset " + offset);
    AddressSpace mapping = file.mapping;
    check(!mapping.isHugetlb(), Errno.EINVAL, "a file of huge pages cannot be written to");
    mapping.inodeLock.writeLock();
    try {
      if (mapping.backing != null && offset > mapping.sizeGetVolatile() && buffer.length > 0) {
        truncate.zeroBehindEnd(mapping, offset);
      }
      int done = 0;
      while (done < buffer.length) {
        long at = offset + done;
        int inPage = (int) (at & (PAGE_SIZE - 1));
        int bytes = (int) Math.min(buffer.length - done, PAGE_SIZE - inPage);
        long pfn = getFolio.lockedUptodate(mapping, at >>> PAGE_SHIFT, GetFolio.Sgp.WRITE);
        if (pfn < 0 && done > 0) {
          break;
        }
        if (pfn < 0) {
          throw failure(pfn);
        }
        Mem.copyIn(buffer, done, phys.frameAddr(pfn) + inPage, bytes);
        PageDesc.flagsGetAndOr(phys, pfn, PageFlags.PG_DIRTY);
        done += bytes;
        if (at + bytes > mapping.sizeGetVolatile()) {
          mapping.sizeSetVolatile(at + bytes); // before the page is unlocked: it lies in the file
        }
        pageCache.unlockPut(pfn);
      }
      return done;
    } finally {
      mapping.inodeLock.writeUnlock();
    }
  }

  /**
   * @throws ErrnoException EINVAL if the size is negative or the file not open for writing
   * @kernel fs/open.c:do_sys_ftruncate
   */
  public void ftruncate(MappedFile file, long size) {
    check(size >= 0 && file.isWritable(), Errno.EINVAL, "ftruncate to " + size);
    AddressSpace mapping = file.mapping;
    mapping.inodeLock.writeLock();
    try {
      if (mapping.isHugetlb()) {
        hugePages.setSize(mapping, size);
      } else {
        truncate.setSize(mapping, size);
      }
    } finally {
      mapping.inodeLock.writeUnlock();
    }
  }

  /**
   * @throws ErrnoException EBADF, EINVAL, EOPNOTSUPP, EFBIG, ENOMEM
   * @kernel fs/open.c:vfs_fallocate
   */
  public void fallocate(MappedFile file, int mode, long offset, long length) {
    check(offset >= 0 && length > 0, Errno.EINVAL, "fallocate of " + length + " bytes");
    boolean punch = (mode & FALLOC_FL_PUNCH_HOLE) != 0;
    check(
        (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE)) == 0
            && (!punch || (mode & FALLOC_FL_KEEP_SIZE) != 0),
        Errno.EOPNOTSUPP,
        "fallocate mode 0x" + Integer.toHexString(mode));
    check(file.isWritable(), Errno.EBADF, "not open for writing");
    check(offset + length > 0, Errno.EFBIG, "fallocate beyond the largest size");
    AddressSpace mapping = file.mapping;
    mapping.inodeLock.writeLock();
    try {
      if (mapping.isHugetlb()) {
        fallocateHuge(mapping, mode, offset, offset + length);
        return;
      }
      if (punch) {
        truncate.punchHole(mapping, offset, offset + length);
        return;
      }
      allocate(mapping, offset >>> PAGE_SHIFT, (offset + length + PAGE_SIZE - 1) >>> PAGE_SHIFT);
      if ((mode & FALLOC_FL_KEEP_SIZE) == 0 && offset + length > mapping.sizeGetVolatile()) {
        truncate.setSize(mapping, offset + length);
      }
    } finally {
      mapping.inodeLock.writeUnlock();
    }
  }

  private void fallocateHuge(AddressSpace mapping, int mode, long start, long end) {
    if ((mode & FALLOC_FL_PUNCH_HOLE) != 0) {
      hugePages.punchHole(mapping, start, end);
      return;
    }
    hugePages.allocate(mapping, start, end);
    if ((mode & FALLOC_FL_KEEP_SIZE) == 0 && end > mapping.sizeGetVolatile()) {
      mapping.sizeSetVolatile(end);
    }
  }

  /**
   * New pages get their bytes when they are first used. Those that an earlier call has left without
   * get them now: pages that were allocated once must not look as if a call could take them back.
   *
   * @kernel mm/shmem.c:shmem_get_folio_gfp, SGP_FALLOC
   */
  private void allocate(AddressSpace mapping, long first, long end) {
    for (long index = first; index < end && mapping.isShmem(); index++) {
      if (mapping.pages.load(index) != 0) {
        long present = getFolio.lockedUptodate(mapping, index, GetFolio.Sgp.WRITE);
        if (present < 0) {
          throw failure(present);
        }
        pageCache.unlockPut(present);
        continue;
      }
      long pfn = frames.alloc(FrameType.USER);
      if (pfn == Buddy.NO_FRAME) {
        throw failure(GetFolio.NO_MEMORY);
      }
      PageLock.lock(phys, pfn);
      boolean _ = pageCache.add(mapping, index, pfn); // or a fault was faster
      pageCache.unlockPut(pfn);
    }
  }

  private static ErrnoException failure(long error) {
    return error == GetFolio.NO_MEMORY
        ? new ErrnoException(Errno.ENOMEM, "no frame for a page of a file")
        : new ErrnoException(Errno.EIO, "a page of a file cannot be read");
  }

  private static void check(boolean holds, Errno errno, String why) {
    if (!holds) {
      throw new ErrnoException(errno, why);
    }
  }
}
