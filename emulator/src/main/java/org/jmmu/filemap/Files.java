package org.jmmu.filemap;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.MappedFile;
import org.jmmu.types.XArray;

/**
 * Opens files, and ends their lives when the last descriptor and the last mapping are gone.
 *
 * @kernel fs/open.c, fs/inode.c:evict
 */
public final class Files {
  private final PageCache pageCache;
  private final TruncatePages truncatePages;
  private final Writeback writeback;

  public Files(PageCache pageCache, TruncatePages truncatePages, Writeback writeback) {
    this.pageCache = pageCache;
    this.truncatePages = truncatePages;
    this.writeback = writeback;
  }

  /**
   * A file of the host; its path is what maps shows.
   *
   * @throws IOException if the host does not let it be opened
   */
  public MappedFile openOnDisk(Path path, OpenMode mode) throws IOException {
    FileChannel channel =
        mode.writes()
            ? FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)
            : FileChannel.open(path, StandardOpenOption.READ);
    AddressSpace mapping = new AddressSpace(channel.size(), new DiskBacking(channel));
    return open(mapping, path.toString(), mode);
  }

  /** A regular file without a disk. */
  public MappedFile openInMemory(String path, byte[] content, OpenMode mode) {
    return open(new AddressSpace(content.length, new MemoryBacking(content)), path, mode);
  }

  /** A file that lives in memory alone; read and write. */
  public MappedFile openShmem(String path, long size) {
    return open(new AddressSpace(size, true), path, OpenMode.O_RDWR);
  }

  /** Another open file of the same file, or the first one of a new one. */
  public MappedFile open(AddressSpace mapping, String path, OpenMode mode) {
    mapping.get();
    return new MappedFile(mapping, path, mode.reads(), mode.writes(), () -> iput(mapping));
  }

  /** Drops a reference to a file; the last one ends it. @kernel fs/inode.c:iput */
  void iput(AddressSpace mapping) {
    if (!mapping.putAndTest()) {
      return;
    }
    writeback.range(mapping, 0, Long.MAX_VALUE);
    for (long at = 0; (at = mapping.pages.next(at)) != XArray.NONE; at++) {
      truncatePages.drop(mapping, at);
    }
    pageCache.forget(mapping);
    if (mapping.backing != null) {
      mapping.backing.close();
    }
  }
}
