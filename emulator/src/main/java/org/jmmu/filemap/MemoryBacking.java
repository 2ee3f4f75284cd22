package org.jmmu.filemap;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.util.Arrays;
import org.jmmu.phys.Mem;
import org.jmmu.types.Backing;

/** A file whose stored bytes are an array: a regular file without a disk. */
public final class MemoryBacking implements Backing {
  private byte[] bytes; // guarded by this

  public MemoryBacking(byte[] content) {
    this.bytes = content.clone();
  }

  /** What is stored now. */
  public synchronized byte[] content() {
    return bytes.clone();
  }

  @Override
  public synchronized void readFolio(long index, long addr) {
    Mem.fill(addr, PAGE_SIZE, (byte) 0);
    long from = index << PAGE_SHIFT;
    if (from < bytes.length) {
      int length = (int) Math.min(PAGE_SIZE, bytes.length - from);
      Mem.copyIn(bytes, (int) from, addr, length);
    }
  }

  @Override
  public synchronized void writeFolio(long index, long addr, int length) {
    int from = Math.toIntExact(index << PAGE_SHIFT);
    if (from + length > bytes.length) {
      bytes = Arrays.copyOf(bytes, from + length);
    }
    Mem.copyOut(addr, bytes, from, length);
  }

  @Override
  public synchronized void setSize(long size) {
    bytes = Arrays.copyOf(bytes, Math.toIntExact(size));
  }

  @Override
  public synchronized void punchHole(long start, long end) {
    if (start < bytes.length) {
      Arrays.fill(bytes, (int) start, (int) Math.min(end, bytes.length), (byte) 0);
    }
  }

  @Override
  public void sync() {}

  @Override
  public void close() {}
}
