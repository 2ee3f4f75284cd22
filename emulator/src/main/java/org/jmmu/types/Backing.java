package org.jmmu.types;

import java.io.IOException;

/**
 * Where the pages of a file come from and go to. Called with the page locked, so that there is one
 * call at a time for each page.
 *
 * @kernel include/linux/fs.h:struct address_space_operations
 */
public interface Backing {
  /**
   * Fills a page. Bytes behind the end of the file are zeroes.
   *
   * @param index of the page in the file
   * @param addr native address of the frame
   */
  void readFolio(long index, long addr) throws IOException;

  /**
   * Stores the first {@code bytes} bytes of a page.
   *
   * @param bytes up to the end of the file
   */
  void writeFolio(long index, long addr, int bytes) throws IOException;

  /** The file has another size. */
  void setSize(long bytes) throws IOException;

  /** What lies in [{@code start}, {@code end}) becomes zeroes. */
  void punchHole(long start, long end) throws IOException;

  /** Whatever was stored survives the end of the machine. @kernel fs/sync.c:vfs_fsync_range */
  void sync() throws IOException;

  /** Nobody uses the file any more. */
  void close();
}
