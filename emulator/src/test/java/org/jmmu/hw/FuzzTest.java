package org.jmmu.hw;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.EnumSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jmmu.hw.ReferenceMmu.End;
import org.jmmu.hw.ReferenceMmu.Mode;
import org.jmmu.hw.ReferenceMmu.Translation;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Random words in all slots of random page tables, and random accesses. Every access must end as
 * the reference says, which reads no memory but the machine's: so nothing escapes from it.
 */
class FuzzTest {
  /** System property: how many random page-table pages to make. */
  private static final String PAGES = "jmmu.fuzz.pages";

  private static final int FRAMES = 13; // odd, so that frame numbers go wild at no power of two
  private static final int ACCESSES_PER_PAGE = 3;
  private static final int PHYS_ADDR_BITS = 40;

  private final long seed = Long.getLong("jmmu.fuzz.seed", 1);
  private final SplittableRandom random = new SplittableRandom(seed);
  private final PhysMemory phys = new PhysMemory(FRAMES);
  private final Faults faults = new Faults();
  private final Cpu cpu = new Cpu(0, phys, CpuModel.INTEL.withPhysAddrBits(PHYS_ADDR_BITS), faults);
  private final ReferenceMmu reference = new ReferenceMmu(phys, PHYS_ADDR_BITS);
  private Mode mode = new Mode(true, false, true, true, true, true, false, 0);
  private long root;
  private final Set<End> seen = EnumSet.noneOf(End.class);

  @Test
  @Timeout(value = 30, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void everyAccessEndsAsTheReferenceSays() {
    long pages = Long.getLong(PAGES, 20_000);
    for (long page = 0; page < pages; page++) {
      fillPage(random.nextInt(FRAMES));
      if (page % 64 == 0) {
        changeMode();
      }
      root = random.nextInt(FRAMES + 1) * PhysMemory.PAGE_SIZE;
      cpu.writeCr3(root);
      for (int i = 0; i < ACCESSES_PER_PAGE; i++) {
        access(page);
      }
    }
    checkDescriptorsUntouched();
    assertEquals(EnumSet.allOf(End.class), seen, "ways to end that were met");
  }

  private void fillPage(long pfn) {
    long addr = phys.frameAddr(pfn);
    int style = random.nextInt(8);
    for (int slot = 0; slot < PteBits.ENTRIES_PER_TABLE; slot++) {
      Mem.longSetRelease(addr + slot * 8L, word(style));
    }
  }

  /** Noise, or something that a walk gets through, in proportions that differ from page to page. */
  private long word(int style) {
    long noise = random.nextLong();
    if (style == 0) {
      return noise;
    }
    long flags = noise & (PteBits.NX | PteBits.PKEY | 0xfff);
    flags |= style > 3 ? PageTables.USER_RW : PteBits.P;
    if (style > 1 && (noise >>> 20 & 7) != 0) {
      flags &= ~(PteBits.PS | PteBits.NX);
    }
    long pfn = noise >>> 24 & 15; // some beyond the last frame
    if ((noise >>> 28 & 127) == 0) {
      pfn = noise >>> 24 & (1L << 29) - 1; // some beyond MAXPHYADDR
    }
    return (flags & PteBits.PS) != 0 && (noise >>> 40 & 3) != 0
        ? flags | (noise & PteBits.PAT_LARGE) // a large page that covers all memory
        : PteBits.pte(pfn, flags);
  }

  private void changeMode() {
    mode =
        new Mode(
            random.nextInt(4) != 0,
            random.nextBoolean(),
            random.nextBoolean(),
            random.nextInt(4) != 0,
            random.nextBoolean(),
            random.nextBoolean(),
            random.nextBoolean(),
            random.nextInt(4) == 0 ? 0 : random.nextInt());
    CpuModes.set(cpu, mode);
  }

  private void access(long page) {
    boolean fresh = random.nextInt(4) != 0;
    if (fresh) {
      cpu.invpcid(2, 0, 0);
    }
    long vaddr = vaddr();
    int size = 1 << random.nextInt(4);
    int access = random.nextInt(3);
    Translation first = reference.translate(root, vaddr, access, mode);
    long secondPage = (vaddr + size - 1) & PhysMemory.PAGE_MASK;
    boolean crosses = secondPage != (vaddr & PhysMemory.PAGE_MASK);
    long stored = random.nextLong();
    Supplier<@Nullable String> what =
        () ->
            "seed %d, page %d: %d bytes at %x, access %d, %s, root %x"
                .formatted(seed, page, size, vaddr, access, mode, root);
    Translation second = crosses ? reference.translate(root, secondPage, access, mode) : first;
    End end;
    long value = 0;
    try {
      value = perform(vaddr, size, access, stored);
      end = End.PAGE;
    } catch (Faults.Signal _) {
      end = End.PAGE_FAULT;
      value = faults.errorCode;
    } catch (MachineCheckException e) {
      end = End.MACHINE_CHECK;
      value = e.paddr();
    } catch (GeneralProtectionException _) {
      end = End.GENERAL_PROTECTION;
    }
    seen.add(end);
    if (fresh) {
      boolean operandFirst = access != Access.FETCH && second.end() == End.GENERAL_PROTECTION;
      Translation due = operandFirst || !good(first) ? (operandFirst ? second : first) : second;
      compare(what, due, end, value);
      if (end == End.PAGE) {
        compareBytes(what, first, second, size, access == Access.WRITE ? stored : value);
      }
    }
  }

  /** Whether an access gets past this translation. */
  private boolean good(Translation translation) {
    return translation.end() == End.PAGE
        && phys.containsPfn(translation.value() >>> PhysMemory.PAGE_SHIFT);
  }

  private void compare(Supplier<@Nullable String> what, Translation due, End end, long value) {
    if (due.end() == End.PAGE && !good(due)) {
      assertEquals(End.MACHINE_CHECK, end, what);
      assertEquals(due.value(), value, what);
      return;
    }
    assertEquals(due.end(), end, what);
    if (end != End.PAGE) {
      assertEquals(due.value(), value, what);
    }
  }

  private void compareBytes(
      Supplier<@Nullable String> what,
      Translation first,
      Translation second,
      int size,
      long value) {
    for (int i = 0; i < size; i++) {
      long paddr = first.value() + i;
      int inFirst = (int) (PhysMemory.PAGE_SIZE - first.value() % PhysMemory.PAGE_SIZE);
      if (i >= inFirst) {
        paddr = second.value() + i - inFirst;
      }
      assertEquals(Mem.byteGetPlain(phys.addr(paddr)), (byte) (value >>> (8 * i)), what);
    }
  }

  private long vaddr() {
    long vaddr = random.nextLong() << 16 >> 16;
    return switch (random.nextInt(16)) {
      case 0 -> vaddr | PhysMemory.PAGE_SIZE - 1 - random.nextInt(8); // likely to cross
      case 1 -> random.nextLong();
      case 2 -> (1L << 47) - 1 - random.nextInt(8);
      default -> vaddr;
    };
  }

  private long perform(long vaddr, int size, int access, long stored) {
    if (access == Access.FETCH) {
      return cpu.fetch(vaddr, size);
    }
    boolean write = access == Access.WRITE;
    switch (size) {
      case 1 -> {
        if (!write) {
          return cpu.loadByte(vaddr);
        }
        cpu.storeByte(vaddr, (byte) stored);
      }
      case 2 -> {
        if (!write) {
          return cpu.loadShort(vaddr);
        }
        cpu.storeShort(vaddr, (short) stored);
      }
      case 4 -> {
        if (!write) {
          return cpu.loadInt(vaddr);
        }
        cpu.storeInt(vaddr, (int) stored);
      }
      default -> {
        if (!write) {
          return cpu.loadLong(vaddr);
        }
        cpu.storeLong(vaddr, stored);
      }
    }
    return stored;
  }

  /** The descriptors lie right behind the frames: a stray write would show there first. */
  private void checkDescriptorsUntouched() {
    long end = phys.frameAddr(FRAMES - 1) + PhysMemory.PAGE_SIZE;
    for (long addr = end; addr < end + FRAMES * 64L; addr += 8) {
      assertEquals(0, Mem.longGetPlain(addr));
    }
  }
}
