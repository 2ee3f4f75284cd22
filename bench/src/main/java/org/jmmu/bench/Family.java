package org.jmmu.bench;

import org.jmmu.hw.Cpu;
import org.jmmu.hw.PteBits;
import org.jmmu.phys.Mem;
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
  private static final int TABLES_PER_MAPPER = 4;
  private static final int SPARE_FRAMES = 64;

  private final Machine machine;
  private final MachineInside inside;
  private final long[] pfns = new long[PAGES];
  private final long[] tables; // by mapper: native address of its 512 entries
  private final int mappers;

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
    for (int child = 1; child < mappers; child++) {
      tables[child] = inside.pteAddr(parent.fork(), VADDR);
    }
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
    for (long pfn : pfns) {
      inside.walkReferenced(pfn);
    }
  }

  void checkAllReferenced() {
    int referenced = inside.takeReferenced();
    if (referenced != PAGES * mappers) {
      throw new IllegalStateException(referenced + " young entries instead of " + PAGES * mappers);
    }
  }

  /** Nothing may be broken or lost after all that. */
  void check() {
    machine.check();
    machine.close();
  }
}
