package org.jmmu.race.vmaadjust;

import static org.jmmu.mm.Mman.MADV_MERGEABLE;
import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.MAP_SHARED;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;

import org.jmmu.sys.Machine;
import org.jmmu.sys.Process;

/** What page X is, and hence which walk finds its entries. */
public enum Mapping {
  /** An anonymous page: the VMAs of its anon_vma, the address computed from their fields. */
  ANON {
    @Override
    long map(Process process, long bytes) {
      return process.mmap(bytes, RW, MAP_PRIVATE | MAP_ANONYMOUS);
    }
  },

  /** A page of a file: the VMAs of its i_mmap, the address computed from their fields. */
  FILE {
    @Override
    long map(Process process, long bytes) {
      int fd = process.memfdCreate("x", 0);
      process.ftruncate(fd, bytes);
      long start = process.mmap(0, bytes, RW, MAP_SHARED, fd, 0);
      process.close(fd);
      return start;
    }
  },

  /**
   * A merged page: the VMAs of the anon_vma of each of its items, the address taken from the item;
   * the VMA only says whether it covers that.
   */
  KSM {
    @Override
    long map(Process process, long bytes) {
      long start = ANON.map(process, bytes);
      process.madvise(start, bytes, MADV_MERGEABLE);
      return start;
    }

    @Override
    void written(Machine machine) {
      // The first pass takes note, the second one merges.
      machine.scanKsm();
      machine.scanKsm();
    }
  };

  private static final int RW = PROT_READ | PROT_WRITE;

  /** Maps the pages; X's will be written then. */
  abstract long map(Process process, long bytes);

  /** X has been written. */
  void written(Machine machine) {}
}
