package org.jmmu.types;

import java.util.concurrent.atomic.AtomicLong;
import org.jmmu.lock.LockClass;
import org.jmmu.lock.RwSem;

/**
 * The memory side of one file: its page cache, and the VMAs that map it.
 *
 * @kernel include/linux/fs.h:struct address_space
 */
public final class AddressSpace {
  private static final AtomicLong LAST_INO = new AtomicLong();

  /** Guards which VMAs map the file, and their ranges. */
  public final RwSem iMmapRwsem = new RwSem(LockClass.I_MMAP_RWSEM);

  /** Number of the inode, unique among all machines; immutable. */
  public final long ino = LAST_INO.incrementAndGet();

  /** The VMAs that map the file; guarded by {@link #iMmapRwsem}. */
  public final IMmap iMmap = new IMmap();

  private final boolean shmem;
  private volatile long size; // i_size; changes: the inode's lock

  /**
   * @param size of the file, in bytes
   * @param shmem whether the file lives in memory alone: memfd, shared anonymous memory
   */
  public AddressSpace(long size, boolean shmem) {
    this.size = size;
    this.shmem = shmem;
  }

  public boolean isShmem() {
    return shmem;
  }

  /** Bytes of the file. @kernel include/linux/fs.h:i_size_read */
  public long sizeGetVolatile() {
    return size;
  }

  public void sizeSetVolatile(long bytes) {
    size = bytes;
  }
}
