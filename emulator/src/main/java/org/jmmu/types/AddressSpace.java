package org.jmmu.types;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;
import org.jmmu.lock.LockClass;
import org.jmmu.lock.RwSem;
import org.jspecify.annotations.Nullable;

/**
 * The memory side of one file: its size, its page cache, and the VMAs that map it.
 *
 * @kernel include/linux/fs.h:struct address_space, struct inode
 */
public final class AddressSpace {
  private static final AtomicLong LAST_INO = new AtomicLong();
  private static final VarHandle USERS =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "users", VarHandle.class, AddressSpace.class, int.class);
  private static final VarHandle WB_ERR =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "wbErr", VarHandle.class, AddressSpace.class, int.class);

  /** Held for writing by whoever changes size or contents by a system call. */
  public final RwSem inodeLock;

  /** Held for reading by whoever adds a page, for writing while a range of pages is taken out. */
  public final RwSem invalidateLock = new RwSem(LockClass.INVALIDATE_LOCK);

  /** Guards which VMAs map the file, and their ranges. */
  public final RwSem iMmapRwsem;

  /** Of a file of huge pages; taken by one variant of race pmd-sharing only. */
  public final RwSem hinodeRwsem = new RwSem(LockClass.HUGETLB_HINODE_RWSEM);

  /** Number of the inode, unique among all machines; immutable. */
  public final long ino = LAST_INO.incrementAndGet();

  /** The VMAs that map the file; guarded by {@link #iMmapRwsem}. */
  public final IMmap iMmap = new IMmap();

  /** Held for writing while {@link #pages} changes. */
  public final RwSem iPagesLock = new RwSem(LockClass.I_PAGES);

  /** The page cache: frames by page index. Changes: {@link #iPagesLock}; readers take no lock. */
  public final XArray pages = new XArray();

  /** Where pages come from and go to; null if the file lives in memory alone. Immutable. */
  public final @Nullable Backing backing;

  /** Of a file of huge pages: those that exist or are reserved; null for any other. Immutable. */
  public final @Nullable ResvMap resvMap;

  private final boolean shmem;
  private volatile long size; // i_size; changes: the inode's lock

  /** End of what fallocate put behind the end of a file of huge pages; under the inode's lock. */
  private volatile long preallocatedEnd;

  private volatile long handle; // what descriptors of its pages say; 0 until there are some

  @SuppressWarnings("UnusedVariable") // read through its VarHandle
  private int users; // open files

  @SuppressWarnings("UnusedVariable") // read through its VarHandle
  private int wbErr; // errors of write-back so far

  /**
   * A file without content: its pages start as zeroes.
   *
   * @param size of the file, in bytes
   * @param shmem whether the file lives in memory alone: memfd, shared anonymous memory
   */
  public AddressSpace(long size, boolean shmem) {
    this(size, shmem, null, null);
  }

  /** A regular file of {@code size} bytes. */
  public AddressSpace(long size, Backing backing) {
    this(size, false, backing, null);
  }

  private AddressSpace(
      long size, boolean shmem, @Nullable Backing backing, @Nullable ResvMap resvMap) {
    // mmap of huge pages takes the lock of their file under mmap_lock.
    this.inodeLock =
        new RwSem(resvMap == null ? LockClass.INODE_LOCK : LockClass.HUGETLB_INODE_LOCK);
    this.iMmapRwsem =
        new RwSem(resvMap == null ? LockClass.I_MMAP_RWSEM : LockClass.HUGETLB_I_MMAP_RWSEM);
    this.resvMap = resvMap;
    this.size = size;
    this.shmem = shmem;
    this.backing = backing;
  }

  /** A file of huge pages, with none of them yet. @kernel fs/hugetlbfs/inode.c */
  public static AddressSpace ofHugePages(long size) {
    return new AddressSpace(size, false, null, new ResvMap());
  }

  /** Whether the pages of the file are huge. @kernel include/linux/hugetlb.h:is_file_hugepages */
  public boolean isHugetlb() {
    return resvMap != null;
  }

  public boolean isShmem() {
    return shmem;
  }

  /** Bytes of the file. @kernel include/linux/fs.h:i_size_read */
  public long sizeGetVolatile() {
    return size;
  }

  /**
   * First page, in small ones, that can neither be within the file nor have been put behind its end
   * by fallocate.
   */
  public long firstUnallocatedGetVolatile() {
    return Math.max(nrPagesGetVolatile(), preallocatedEnd >>> PAGE_SHIFT);
  }

  /** fallocate may put pages up to there, without the file getting longer. */
  public void preallocatedEndSetVolatile(long end) {
    preallocatedEnd = end;
  }

  public void sizeSetVolatile(long bytes) {
    size = bytes;
  }

  /** Pages that the file reaches into: an access behind them is SIGBUS. */
  public long nrPagesGetVolatile() {
    long bytes = size;
    return (bytes >>> PAGE_SHIFT) + ((bytes & (PAGE_SIZE - 1)) == 0 ? 0 : 1);
  }

  /** The {@code mapping} word of its pages' descriptors, 0 if it never had a page. */
  public long handleGetVolatile() {
    return handle;
  }

  /** The caller holds {@link #iPagesLock}. */
  public void handleSetVolatile(long mapping) {
    handle = mapping;
  }

  /** One more open file. @kernel fs/inode.c:ihold */
  public void get() {
    int _ = (int) USERS.getAndAdd(this, 1);
  }

  /** As {@link #get}, for a caller who has no open file: false if the last one is gone. */
  public boolean getUnlessZero() {
    while (true) {
      int count = (int) USERS.getAcquire(this);
      if (count == 0) {
        return false;
      }
      if (USERS.compareAndSet(this, count, count + 1)) {
        return true;
      }
    }
  }

  /** Drops an open file; whether it was the last. @kernel fs/inode.c:iput */
  public boolean putAndTest() {
    int count = (int) USERS.getAndAdd(this, -1);
    if (count <= 0) {
      throw new KernelBug("user count of a file drops below zero");
    }
    return count == 1;
  }

  /** A page could not be written back: each open file reports that once. */
  public void writebackFailed() {
    int _ = (int) WB_ERR.getAndAdd(this, 1);
  }

  /**
   * @kernel include/linux/errseq.h
   */
  int wbErrGetAcquire() {
    return (int) WB_ERR.getAcquire(this);
  }
}
