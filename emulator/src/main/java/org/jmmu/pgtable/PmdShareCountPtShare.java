package org.jmmu.pgtable;

import org.jmmu.phys.PageDesc;

/**
 * Linux since 6.13: a counter of its own, 0 for a table that one address space has alone. A
 * reference that somebody takes to the frame, because he came across it in memory, does not count.
 *
 * @kernel 59d9094df3d7
 */
public final class PmdShareCountPtShare implements PmdShareCountProtocol {
  @Override
  public void inc(Parts parts, long tablePfn) {
    int _ = PageDesc.ptShareCountGetAndAdd(parts.phys(), tablePfn, 1);
  }

  @Override
  public void dec(Parts parts, long tablePfn) {
    int _ = PageDesc.ptShareCountGetAndAdd(parts.phys(), tablePfn, -1);
  }

  @Override
  public boolean isShared(Parts parts, long tablePfn) {
    return PageDesc.ptShareCountGetAcquire(parts.phys(), tablePfn) != 0;
  }

  @Override
  public int count(Parts parts, long tablePfn) {
    return PageDesc.ptShareCountGetAcquire(parts.phys(), tablePfn) + 1;
  }
}
