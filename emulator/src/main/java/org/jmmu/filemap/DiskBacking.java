package org.jmmu.filemap;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.jmmu.phys.Mem;
import org.jmmu.types.Backing;

/** A file of the host. */
public final class DiskBacking implements Backing {
  private final FileChannel channel;

  /** The channel is closed with the file. */
  public DiskBacking(FileChannel channel) {
    this.channel = channel;
  }

  @Override
  public void readFolio(long index, long addr) throws IOException {
    ByteBuffer page = ByteBuffer.allocate((int) PAGE_SIZE);
    long at = index << PAGE_SHIFT;
    while (page.hasRemaining() && channel.read(page, at + page.position()) > 0) {
      // a read may be short before the end of the file
    }
    Mem.copyIn(page.array(), 0, addr, (int) PAGE_SIZE);
  }

  @Override
  public void writeFolio(long index, long addr, int bytes) throws IOException {
    byte[] page = new byte[bytes];
    Mem.copyOut(addr, page, 0, bytes);
    ByteBuffer buffer = ByteBuffer.wrap(page);
    long at = index << PAGE_SHIFT;
    while (buffer.hasRemaining()) {
      int _ = channel.write(buffer, at + buffer.position());
    }
  }

  @Override
  public void setSize(long bytes) throws IOException {
    if (bytes < channel.size()) {
      FileChannel _ = channel.truncate(bytes);
    } else if (bytes > channel.size()) {
      int _ = channel.write(ByteBuffer.allocate(1), bytes - 1);
    }
  }

  @Override
  public void punchHole(long start, long end) throws IOException {
    long last = Math.min(end, channel.size());
    ByteBuffer zeroes = ByteBuffer.allocate((int) PAGE_SIZE);
    for (long at = start; at < last; ) {
      zeroes.clear().limit((int) Math.min(PAGE_SIZE, last - at));
      at += channel.write(zeroes, at);
    }
  }

  @Override
  public void sync() throws IOException {
    channel.force(false);
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // Everything was written before; there is nobody left to tell.
    }
  }
}
