package org.jmmu.bench;

import static org.jmmu.mm.Mman.PROT_READ;

import org.jmmu.hw.Cpu;
import org.jmmu.hw.PteBits;
import org.jmmu.phys.Mem;
import org.jmmu.rmap.RmapWindow;
import org.jmmu.rmap.VmaAdjustProtocol;
import org.jmmu.sys.Machine;
import org.jmmu.sys.MachineConfig;
import org.jmmu.sys.MachineInside;
import org.jmmu.sys.Process;

/** A parent and the children it forked, none of which ever writes: all map the parent's pages. */
final class Family {
  /** Pages of one page table, so that each mapper has four tables and no more. */
  static final int PAGES = 512;

  private static final long VADDR = 512 * PAGES * Region.PAGE_SIZE; // starts a page table
  private static final long BOUNDARY = VADDR + PAGES / 2 * Region.PAGE_SIZE;
  private static final int TABLES_PER_MAPPER = 4;
  private static final int SPARE_FRAMES = 64;

  private final Machine machine;
  private final MachineInside inside;
  private final long[] pfns = new long[PAGES];
  private final long[] mapped = new long[PAGES]; // entries, while they are swap entries
  private final long[] tables; // by mapper: native address of its 512 entries
  private final int mappers;
  private final Process youngest;

  Family(int mappers, VmaAdjustProtocol protocol) {
    this.mappers = mappers;
    int frames = PAGES + mappers * TABLES_PER_MAPPER + SPARE_FRAMES;
    machine = Machine.boot(MachineConfig.small().withFrames(frames).withVmaAdjust(protocol));
    inside = new MachineInside(machine);
    tables = new long[mappers];
    Process parent = machine.spawn();
    parent.mmap(VADDR, PAGES * Region.PAGE_SIZE, EmulatedRegion.RW, EmulatedRegion.ANON);
    Cpu cpu = parent.runOn(machine.cpu(0));
    for (int page = 0; page < PAGES; page++) {
      long vaddr = VADDR + page * Region.PAGE_SIZE;
      cpu.storeLong(vaddr, page);
      pfns[page] = inside.pfn(parent, vaddr);
    }
    tables[0] = inside.pteAddr(parent, VADDR);
    Process last = parent;
    for (int child = 1; child < mappers; child++) {
      Process process = parent.fork();
      tables[child] = inside.pteAddr(process, VADDR);
      last = process;
    }
    youngest = last;
  }

  /** As if every process had read every page. */
  void makeYoung() {
    for (long table : tables) {
      for (long entry = table; entry < table + PAGES * Long.BYTES; entry += Long.BYTES) {
        Mem.longSetPlain(entry, Mem.longGetPlain(entry) | PteBits.A);
      }
    }
  }

  /** Walks the reverse map of each page once. */
  void walkReferenced() {
    for (int page = 0; page < PAGES; page++) {
      walkReferenced(page);
    }
  }

  void walkReferenced(int page) {
    inside.walkReferenced(pfns[page]);
  }

  /** The same, {@value RmapWindow#SLOTS} pages at a time. */
  void walkReferencedTogether() {
    for (int page = 0; page < PAGES; page += RmapWindow.SLOTS) {
      inside.walkReferenced(pfns, page, page + RmapWindow.SLOTS);
    }
  }

  void checkAllReferenced() {
    int referenced = inside.takeReferenced();
    if (referenced != PAGES * mappers) {
      throw new IllegalStateException(referenced + " young entries instead of " + PAGES * mappers);
    }
  }

  /** Two VMAs map the pages of the youngest: the upper half becomes read-only. */
  void split() {
    youngest.mprotect(BOUNDARY, VADDR + PAGES * Region.PAGE_SIZE - BOUNDARY, PROT_READ);
  }

  /** The boundary between the two moves down by one page, and up again. */
  void shiftAndBack() {
    inside.vmaAdjust(youngest, VADDR, BOUNDARY - Region.PAGE_SIZE);
    inside.vmaAdjust(youngest, VADDR, BOUNDARY);
  }

  /** The same by system calls, which also change the page's entry and the tree of VMAs. */
  void protectAndBack() {
    youngest.mprotect(BOUNDARY - Region.PAGE_SIZE, Region.PAGE_SIZE, PROT_READ);
    youngest.mprotect(BOUNDARY - Region.PAGE_SIZE, Region.PAGE_SIZE, EmulatedRegion.RW);
  }

  /** Puts all pages into the swap cache. */
  void addToSwap() {
    var _ = machine.swaponMemory(PAGES);
    for (int page = 0; page < PAGES; page++) {
      inside.addToSwap(pfns[page]);
      mapped[page] = Mem.longGetPlain(tables[0] + (long) page * Long.BYTES);
    }
  }

  /** Turns all entries for each of the pages into swap entries. */
  void tryToUnmap() {
    for (long pfn : pfns) {
      inside.tryToUnmap(pfn);
    }
  }

  /** Undoes that. */
  void mapAgain() {
    for (long table : tables) {
      for (int page = 0; page < PAGES; page++) {
        inside.mapAgain(table + (long) page * Long.BYTES, mapped[page]);
      }
    }
  }

  /** Nothing may be broken or lost after all that. */
  void check() {
    machine.check();
    machine.close();
  }
}
