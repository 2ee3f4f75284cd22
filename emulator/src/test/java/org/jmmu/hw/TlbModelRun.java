package org.jmmu.hw;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.LongFunction;
import org.jmmu.hw.ReferenceMmu.End;
import org.jmmu.hw.ReferenceMmu.Mode;
import org.jmmu.hw.ReferenceMmu.Translation;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;
import org.jspecify.annotations.Nullable;

/**
 * A CPU under random accesses, page-table changes, mode changes and TLB operations, held against a
 * list of what it may remember: the translations that walks have found since they were last
 * flushed. A list that may be too long is no harm; one that is too short shows a flush that did not
 * happen.
 *
 * <p>Three address spaces share a few addresses that are mapped now by 4-KiB, now by 2-MiB or 1-GiB
 * leaves. Every frame holds its own number, so a load tells which translation it used.
 */
public final class TlbModelRun implements LongFunction<@Nullable String> {
  private static final long PAGE = PhysMemory.PAGE_SIZE;
  private static final long BASE = 5L << 30;
  private static final int FRAMES = 5 * 512;
  private static final int SPACES = 3;
  private static final int GLOBAL = -1;
  private static final int[] PCIDS = {0, 1, 2, 3, 0x7ff, 0xfff};
  // Some share a slot of the TLB. As parts of a 1-GiB page at 0 they stay clear of the tables.
  private static final long[] VADDRS = {
    BASE + 64 * PAGE,
    BASE + 65 * PAGE,
    BASE + 69 * PAGE,
    BASE + (512 + 64) * PAGE,
    BASE + (512 + 65) * PAGE
  };

  /** A translation that the TLB may hold; {@code pcid} may be {@link #GLOBAL}. */
  private record Remembered(int pcid, int level, long vaddr, long paddr, long word, boolean dirty) {
    boolean covers(long other) {
      return vaddr >> PteBits.shift(level) == other >> PteBits.shift(level);
    }

    long paddrOf(long other) {
      return paddr - paddr % PteBits.size(level) + (other & PteBits.size(level) - 1);
    }
  }

  private final SplittableRandom random;
  private final PhysMemory phys = new PhysMemory(FRAMES);
  private final ReferenceMmu reference = new ReferenceMmu(phys, 46);
  private final Faults faults = new Faults();
  private final Cpu cpu = new Cpu(0, phys, faults);
  private final List<Remembered> memory = new ArrayList<>();
  private final StringBuilder log = new StringBuilder();
  private Mode mode = new Mode(true, false, true, true, true, true, false, 0);
  private int space;

  /** For mutants. */
  public TlbModelRun() {
    this(1);
  }

  TlbModelRun(long seed) {
    random = new SplittableRandom(seed);
    for (int s = 0; s < SPACES; s++) {
      link(s, PteBits.LEVEL_PGD, BASE, table(s, 1));
      link(s, PteBits.LEVEL_PUD, BASE, table(s, 2));
      link(s, PteBits.LEVEL_PMD, BASE, table(s, 3));
      link(s, PteBits.LEVEL_PMD, BASE + (1 << 21), table(s, 4));
    }
    for (long pfn = 64; pfn < FRAMES; pfn++) {
      Mem.longSetPlain(phys.frameAddr(pfn), pfn);
    }
    switchTo(0, 0, false);
  }

  /** Frames 1 to 15: five tables for each space, the PGD first. */
  private static long table(int space, int n) {
    return 1 + space * 5L + n;
  }

  private static long cr3(int space) {
    return table(space, 0) * PAGE;
  }

  private void link(int s, int level, long vaddr, long pfn) {
    write(s, level, vaddr, PteBits.pte(pfn, PageTables.TABLE));
  }

  private void write(int s, int level, long vaddr, long word) {
    int n = PteBits.LEVEL_PGD - level;
    long table = table(s, level == PteBits.LEVEL_PTE && vaddr >= BASE + (1 << 21) ? 4 : n);
    Mem.longSetRelease(phys.frameAddr(table) + PteBits.index(vaddr, level) * 8L, word);
  }

  /** Runs that many operations; returns what went wrong, with what led to it, or null. */
  @Override
  public @Nullable String apply(long operations) {
    for (long i = 0; i < operations; i++) {
      log.setLength(Math.max(0, log.length() - 4000));
      String wrong = step();
      if (wrong != null) {
        return "operation %d: %s%n%s".formatted(i, wrong, log);
      }
    }
    return null;
  }

  private @Nullable String step() {
    int choice = random.nextInt(64);
    if (choice < 40) {
      return access(VADDRS[random.nextInt(VADDRS.length)], random.nextInt(3));
    }
    if (choice < 52) {
      remap();
    } else if (choice < 56) {
      flush();
    } else if (choice < 60) {
      switchTo(random.nextInt(SPACES), PCIDS[random.nextInt(PCIDS.length)], random.nextBoolean());
    } else {
      changeMode();
    }
    return null;
  }

  // Page tables

  private void remap() {
    int s = random.nextInt(SPACES);
    long vaddr = VADDRS[random.nextInt(VADDRS.length)];
    int level = 1 + random.nextInt(3);
    long flags = random.nextLong() & (0x1ffL | PteBits.NX | 1L << 59) & ~PteBits.PS;
    flags |= random.nextInt(8) == 0 ? 0 : PteBits.P;
    flags |= random.nextInt(3) == 0 ? 0 : PteBits.US | PteBits.RW;
    long pfn = 64L + random.nextInt(4);
    if (level > PteBits.LEVEL_PTE && random.nextBoolean()) {
      flags |= PteBits.PS;
      pfn = level == PteBits.LEVEL_PMD ? 512L * (1 + random.nextInt(3)) : 0;
    } else if (level > PteBits.LEVEL_PTE) {
      flags = PageTables.TABLE;
      pfn = table(s, level == PteBits.LEVEL_PUD ? 2 : vaddr >= BASE + (1 << 21) ? 4 : 3);
    }
    write(s, level, vaddr, PteBits.pte(pfn, flags));
    log.append("map %d %x level %d %x%n".formatted(s, vaddr, level, PteBits.pte(pfn, flags)));
  }

  // Accesses

  private @Nullable String access(long vaddr, int access) {
    Translation now = reference.translate(cr3(space), vaddr, access, mode);
    long token = random.nextLong() | 1;
    long pfn = -1;
    try {
      switch (access) {
        case Access.READ -> pfn = cpu.loadLong(vaddr);
        case Access.FETCH -> pfn = cpu.fetch(vaddr, 8);
        default -> {
          cpu.storeLong(vaddr + 8, token);
          pfn = frameWith(token);
        }
      }
    } catch (Faults.Signal _) {
      log.append("access %d %x: fault%n".formatted(access, vaddr));
      boolean due = now.end() == End.PAGE_FAULT && now.value() == faults.errorCode;
      return due ? null : "fault %x, tables say %s".formatted(faults.errorCode, now);
    }
    log.append("access %d %x: pfn %d%n".formatted(access, vaddr, pfn));
    return judge(vaddr, access, now, pfn);
  }

  /** The frame must be the one that the tables name now, or one that is remembered. */
  private @Nullable String judge(long vaddr, int access, Translation now, long pfn) {
    boolean legal = now.end() == End.PAGE && now.value() >>> PhysMemory.PAGE_SHIFT == pfn;
    for (Remembered entry : memory) {
      legal |=
          entry.covers(vaddr)
              && (entry.pcid == GLOBAL || entry.pcid == cpu.pcid())
              && entry.paddrOf(vaddr) >>> PhysMemory.PAGE_SHIFT == pfn
              && (access != Access.WRITE || entry.dirty)
              && reference.allowed(entry.word, access, mode);
    }
    if (!legal) {
      return "access %d to %x used frame %d; tables say %s, remembered %s"
          .formatted(access, vaddr, pfn, now, memory);
    }
    if (now.end() == End.PAGE) {
      remember(vaddr, access, now);
    }
    return null;
  }

  private void remember(long vaddr, int access, Translation now) {
    long word = reference.combined(now);
    boolean global = (cpu.cr4() & ControlBits.CR4_PGE) != 0 && (word & PteBits.G) != 0;
    Remembered entry =
        new Remembered(
            global ? GLOBAL : cpu.pcid(),
            now.level(),
            vaddr,
            now.value(),
            word & ~(PteBits.A | PteBits.D),
            now.dirty() || access == Access.WRITE);
    if (!memory.contains(entry)) {
      memory.add(entry);
    }
  }

  private long frameWith(long token) {
    for (long pfn = 0; pfn < FRAMES; pfn++) {
      if (Mem.longGetPlain(phys.frameAddr(pfn) + 8) == token) {
        return pfn;
      }
    }
    return -1;
  }

  // Flushes, each with what it must at least take out

  private void flush() {
    long vaddr = VADDRS[random.nextInt(VADDRS.length)];
    int pcid = pcidsOn() ? PCIDS[random.nextInt(PCIDS.length)] : 0;
    int operation = random.nextInt(8);
    log.append("flush %d pcid %d %x%n".formatted(operation, pcid, vaddr));
    switch (operation) {
      case 0, 1, 2, 3 -> {
        cpu.invpcid(operation, pcid, vaddr);
        memory.removeIf(
            entry ->
                switch (operation) {
                  case 0 -> entry.pcid == pcid && entry.covers(vaddr);
                  case 1 -> entry.pcid == pcid;
                  case 2 -> true;
                  default -> entry.pcid != GLOBAL;
                });
      }
      case 4 -> {
        cpu.writeCr4(cpu.cr4() ^ ControlBits.CR4_PGE);
        memory.clear();
      }
      case 5 -> {
        long end = vaddr + PAGE * (1 + random.nextInt(50));
        Shootdown.flushPages(
            new Cpu[] {cpu}, 1, random.nextBoolean() ? cpu : null, pcid, vaddr, end);
        memory.removeIf(entry -> isIn(entry, vaddr, end) && entry.pcid <= GLOBAL);
        memory.removeIf(entry -> isIn(entry, vaddr, end) && entry.pcid == pcid);
      }
      default -> {
        cpu.invlpg(vaddr);
        int current = cpu.pcid();
        memory.removeIf(
            entry -> entry.covers(vaddr) && (entry.pcid == current || entry.pcid == GLOBAL));
      }
    }
  }

  private static boolean isIn(Remembered entry, long start, long end) {
    for (long vaddr = start; vaddr < end; vaddr += PAGE) {
      if (entry.covers(vaddr)) {
        return true;
      }
    }
    return false;
  }

  private boolean pcidsOn() {
    return (cpu.cr4() & ControlBits.CR4_PCIDE) != 0;
  }

  private void switchTo(int next, int pcid, boolean keep) {
    space = next;
    boolean noflush = keep && pcidsOn();
    int tag = pcidsOn() ? pcid : 0;
    log.append("space %d pcid %d keep %b%n".formatted(next, tag, noflush));
    cpu.writeCr3(cr3(next) | tag | (noflush ? ControlBits.CR3_NOFLUSH : 0));
    if (!noflush) {
      memory.removeIf(entry -> entry.pcid == tag);
    }
  }

  private void changeMode() {
    if (random.nextInt(16) == 0) {
      switchTo(space, 0, true); // PCIDE can change only with PCID 0
      boolean off = pcidsOn();
      cpu.writeCr4(cpu.cr4() ^ ControlBits.CR4_PCIDE);
      if (off) {
        memory.clear();
      }
    }
    mode =
        new Mode(
            random.nextInt(4) != 0,
            random.nextBoolean(),
            random.nextBoolean(),
            true,
            random.nextBoolean(),
            random.nextBoolean(),
            random.nextBoolean(),
            random.nextInt(16));
    log.append(mode).append('\n');
    CpuModes.set(cpu, mode); // setting SMEP flushes too; the model need not know
  }
}
