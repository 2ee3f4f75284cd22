package org.jmmu.types;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Changes an mm's VMAs at random, as the code above the tree does, and keeps a list of them. */
final class VmaListModel {
  private static final long PAGE = 4096;
  private static final int LONGEST = 6;

  final List<Vma> vmas = new ArrayList<>(); // in address order

  private final Mm mm;
  private final Random random;
  private final int pages;

  VmaListModel(Mm mm, Random random, int pages) {
    this.mm = mm;
    this.random = random;
    this.pages = pages;
  }

  void change(boolean grow) {
    int kind = random.nextInt(10);
    if (vmas.isEmpty() || (grow && kind < 4)) {
      map();
      return;
    }
    int at = random.nextInt(vmas.size());
    switch (kind) {
      case 0, 1, 2, 3 -> mm.vmas.remove(vmas.remove(at));
      case 4, 5 -> split(at);
      case 6, 7 -> merge(at);
      case 8 -> moveBoundary(at);
      default -> shrinkOrGrow(vmas.get(at), at);
    }
  }

  private void map() {
    long start = random.nextInt(pages) * PAGE;
    long end = start + (1 + random.nextInt(LONGEST)) * PAGE;
    int at = 0;
    while (at < vmas.size() && vmas.get(at).vmEndGetOpaque() <= start) {
      at++;
    }
    if (at < vmas.size() && vmas.get(at).vmStartGetOpaque() < end) {
      return; // not free
    }
    Vma vma = new Vma(mm, start, end, 0, 0);
    mm.vmas.insert(vma);
    vmas.add(at, vma);
  }

  private void split(int at) {
    Vma vma = vmas.get(at);
    long length = (vma.vmEndGetOpaque() - vma.vmStartGetOpaque()) / PAGE;
    if (length < 2) {
      return;
    }
    long vaddr = vma.vmStartGetOpaque() + (1 + random.nextInt((int) length - 1)) * PAGE;
    Vma half = vma.dup(mm);
    if (random.nextBoolean()) {
      half.vmEndSetOpaque(vaddr);
      vma.vmStartSetOpaque(vaddr);
      vmas.add(at, half);
    } else {
      half.vmStartSetOpaque(vaddr);
      vma.vmEndSetOpaque(vaddr);
      vmas.add(at + 1, half);
    }
    mm.vmas.insert(half);
    mm.vmas.rangeChanged(vma);
  }

  /** With the next one, hole or not. */
  private void merge(int at) {
    if (at + 1 < vmas.size()) {
      Vma next = vmas.remove(at + 1);
      vmas.get(at).vmEndSetOpaque(next.vmEndGetOpaque());
      mm.vmas.remove(next);
      mm.vmas.rangeChanged(vmas.get(at));
    }
  }

  private void moveBoundary(int at) {
    if (at + 1 < vmas.size()) {
      Vma vma = vmas.get(at);
      Vma next = vmas.get(at + 1);
      long span = (next.vmEndGetOpaque() - vma.vmStartGetOpaque()) / PAGE;
      long boundary = vma.vmStartGetOpaque() + (1 + random.nextInt((int) span - 1)) * PAGE;
      vma.vmEndSetOpaque(boundary);
      next.vmStartSetOpaque(boundary);
      mm.vmas.rangeChanged(vma);
      mm.vmas.rangeChanged(next);
    }
  }

  private void shrinkOrGrow(Vma vma, int at) {
    long floor = at == 0 ? 0 : vmas.get(at - 1).vmEndGetOpaque();
    long start = vma.vmStartGetOpaque();
    if (start > floor && random.nextBoolean()) {
      vma.vmStartSetOpaque(start - PAGE);
    } else if (start + PAGE < vma.vmEndGetOpaque()) {
      vma.vmStartSetOpaque(start + PAGE);
    }
    mm.vmas.rangeChanged(vma);
  }
}
