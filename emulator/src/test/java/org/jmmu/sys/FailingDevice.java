package org.jmmu.sys;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.io.IOException;
import java.util.Arrays;
import org.jmmu.filemap.MemoryBacking;
import org.jmmu.phys.Mem;
import org.jmmu.swap.SwapHeader;
import org.jmmu.types.Backing;

/** A swap device that works until it is told to fail. */
final class FailingDevice implements Backing {
  static final int BYTES = 16 * (int) PAGE_SIZE;

  private final MemoryBacking memory =
      new MemoryBacking(Arrays.copyOf(SwapHeader.ofPages(16, "bad").toPage(), BYTES));
  boolean readsFail;
  boolean writesFail;
  int writes;

  @Override
  public void readFolio(long index, long addr) throws IOException {
    if (readsFail) {
      Mem.fill(addr, PAGE_SIZE, (byte) 0x55); // as far as it got
      throw new IOException("read error");
    }
    memory.readFolio(index, addr);
  }

  @Override
  public void writeFolio(long index, long addr, int bytes) throws IOException {
    if (writesFail) {
      throw new IOException("write error");
    }
    writes++;
    memory.writeFolio(index, addr, bytes);
  }

  @Override
  public void setSize(long bytes) {
    memory.setSize(bytes);
  }

  @Override
  public void punchHole(long start, long end) {}

  @Override
  public void sync() {}

  @Override
  public void close() {}
}
