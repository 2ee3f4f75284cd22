package org.jmmu.soak;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.util.Arrays;
import java.util.function.Consumer;
import org.jmmu.mm.ExecStackProtocol;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.Mem;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/**
 * A protocol that isolates the pages of a stack when it is about to move: before that there are
 * none, and nobody but execve could say where they are.
 */
record StackWatch(ExecStackProtocol watched) implements ExecStackProtocol {
  private static final ThreadLocal<@Nullable Consumer<long[]>> WATCHER = new ThreadLocal<>();

  /** From here on {@code watcher} is given the pages of the calling thread's stacks. */
  static void watch(@Nullable Consumer<long[]> watcher) {
    WATCHER.set(watcher);
  }

  @Override
  public long initialStackFlags() {
    return watched.initialStackFlags();
  }

  @Override
  public void shiftArgPages(Parts parts, Vma vma, long shift) {
    Consumer<long[]> watcher = WATCHER.get();
    if (watcher != null) {
      watcher.accept(isolate(parts, vma));
    }
    watched.shiftArgPages(parts, vma, shift);
  }

  /** Those that are not on their way out or elsewhere at that moment. */
  private static long[] isolate(Parts parts, Vma vma) {
    long[] pfns = new long[(int) vma.nrPages()];
    int nr = 0;
    for (long at = vma.vmStartGetOpaque(); at < vma.vmEndGetOpaque(); at += PAGE_SIZE) {
      long pteAddr = parts.tables().pteOffset(vma.mm, at);
      if (pteAddr == PageTables.NONE) {
        continue;
      }
      parts.tables().lock(pteAddr);
      long pteVal = Mem.longGetOpaque(pteAddr);
      if (Pte.isPresent(pteVal)) {
        parts.frames().get(Pte.pfn(pteVal)); // the entry has a reference, and the ptl keeps it
        pfns[nr++] = Pte.pfn(pteVal);
      }
      parts.tables().unlock(pteAddr);
    }
    return Arrays.copyOf(pfns, nr);
  }
}
