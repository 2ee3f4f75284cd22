package org.jmmu.sys;

import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_NORESERVE;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.MREMAP_FIXED;
import static org.jmmu.mm.Mman.MREMAP_MAYMOVE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
import static org.jmmu.phys.PhysMemory.PAGE_MASK;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jmmu.hw.BoundsGeometry;
import org.jmmu.hw.BoundsUnit;
import org.jmmu.hw.Cpu;
import org.jmmu.race.mpxunmap.MpxUnmapVariant;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.SegvException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** prctl, #BR, and what becomes of bounds tables. */
class MpxTest {
  private static final int RW = PROT_READ | PROT_WRITE;
  private static final int ANON = MAP_PRIVATE | MAP_ANONYMOUS;
  private static final long DIRECTORY = 1L << 40;
  private static final long SPAN = 1L << 20;
  private static final long DATA = 1L << 33;

  /** A process that has a directory and uses it, on CPU 0. */
  private static final class Program implements AutoCloseable {
    final Machine machine;
    final Process process;
    final Cpu cpu;

    Program(MpxUnmapVariant variant, BoundsGeometry geometry, long directory) {
      machine = Machine.boot(variant.applyTo(MachineConfig.small()).withFrames(1536));
      process = machine.spawn();
      long _ =
          process.mmap(directory, geometry.directoryBytes(), RW, ANON | MAP_FIXED | MAP_NORESERVE);
      cpu = process.runOn(machine.cpu(0));
      cpu.bounds().setGeometry(geometry);
      cpu.bounds().writeBndcfgu(directory | BoundsUnit.BNDCFG_ENABLE);
    }

    Program(MpxUnmapVariant variant) {
      this(variant, BoundsGeometry.BITS_64, DIRECTORY);
      process.mpxEnableManagement(cpu);
    }

    void map(long vaddr, long pages) {
      long _ = process.mmap(vaddr, pages * PAGE_SIZE, RW, ANON | MAP_FIXED);
    }

    void store(long vaddr, long pointer) {
      cpu.bounds().bndmk(0, pointer, pointer + 7);
      cpu.bounds().bndstx(0, vaddr, pointer);
    }

    boolean hasBounds(long vaddr, long pointer) {
      cpu.bounds().bndldx(1, vaddr, pointer);
      return cpu.bounds().upper(1) == pointer + 7;
    }

    long entryOf(long vaddr) {
      return DIRECTORY + BoundsGeometry.BITS_64.directoryOffset(vaddr);
    }

    boolean hasTable(long vaddr) {
      return cpu.loadLong(entryOf(vaddr)) != 0;
    }

    boolean hasTables() {
      return process.maps().contains("[mpx]");
    }

    @Override
    public void close() {
      process.leave(cpu);
      machine.check();
      process.exit();
      machine.check();
      machine.close();
    }
  }

  @Test
  void todayThereIsNoMpx() {
    try (Program program = new Program(MpxUnmapVariant.ABSENT, BoundsGeometry.BITS_64, DIRECTORY)) {
      Process process = program.process;
      Errno enabling =
          assertThrows(ErrnoException.class, () -> process.mpxEnableManagement(program.cpu))
              .errno();
      assertEquals(Errno.EINVAL, enabling);
      assertEquals(
          Errno.EINVAL, assertThrows(ErrnoException.class, process::mpxDisableManagement).errno());
    }
  }

  @Test
  void aDirectoryMustBeInUse() {
    try (Program program = new Program(MpxUnmapVariant.GUP_RETRY)) {
      program.cpu.bounds().writeBndcfgu(0);
      assertEquals(
          Errno.ENXIO,
          assertThrows(ErrnoException.class, () -> program.process.mpxEnableManagement(program.cpu))
              .errno());
    }
  }

  @Test
  void aViolationNamesTheBounds() {
    try (Program program = new Program(MpxUnmapVariant.GUP_RETRY)) {
      program.cpu.bounds().bndmk(2, 0x1000, 0x1fff);
      SegvException signal =
          assertThrows(SegvException.class, () -> program.cpu.bounds().bndcu(2, 0x2000));
      assertEquals(SegvException.Code.SEGV_BNDERR, signal.code());
      assertEquals(0x2000, signal.vaddr());
      assertEquals(0x1000, signal.lower());
      assertEquals(0x1fff, signal.upper());
    }
  }

  @Test
  void withoutManagementAnInvalidEntryIsASignal() {
    try (Program program = new Program(MpxUnmapVariant.GUP_RETRY)) {
      program.process.mpxDisableManagement();
      assertThrows(SegvException.class, () -> program.store(DATA, 1));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BDSEM", "GUP_RETRY"})
  void everyWayToUnmapFreesTheTable(MpxUnmapVariant variant) {
    try (Program program = new Program(variant)) {
      Process process = program.process;
      program.map(DATA, 1);
      program.store(DATA, 0x1000);
      assertTrue(program.hasTables());
      process.munmap(DATA, PAGE_SIZE);
      assertFalse(program.hasTables(), "munmap");

      program.map(DATA, 1);
      program.store(DATA, 0x1000);
      long moved = DATA + 64 * SPAN;
      long _ = process.mremap(DATA, PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, moved);
      assertFalse(program.hasTables(), "mremap, away");
      program.store(moved, 0x1000);
      program.map(moved + SPAN, 1);
      program.store(moved + SPAN, 0x1000);
      long _ =
          process.mremap(moved + SPAN, PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, moved);
      assertFalse(program.hasTables(), "mremap, over another");
      process.munmap(moved, PAGE_SIZE);

      program.map(DATA, 1);
      program.store(DATA, 0x1000);
      program.map(DATA, 1);
      assertFalse(program.hasTables(), "MAP_FIXED");
      program.map(DATA, 2 * SPAN / PAGE_SIZE);
      program.store(DATA + SPAN, 0x1000);
      long _ = process.mremap(DATA, 2 * SPAN, SPAN, 0, 0);
      assertFalse(program.hasTables(), "mremap, shorter");
      process.munmap(DATA, SPAN);

      process.mm().startBrk = 2 * DATA;
      process.mm().brk = 2 * DATA;
      long heap = process.brk(0);
      long end = process.brk(heap + PAGE_SIZE);
      program.store(end - 16, 0x1000);
      assertTrue(program.hasTables());
      long _ = process.brk(heap);
      assertFalse(program.hasTables(), "brk");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BDSEM", "BDSEM_ZAP_POST", "GUP_RETRY", "GUP_EARLY"})
  void aNeighbourKeepsTheTableAndItsOwnBounds(MpxUnmapVariant variant) {
    try (Program program = new Program(variant)) {
      program.map(DATA, 4);
      program.store(DATA, 0x1000);
      program.store(DATA + 3 * PAGE_SIZE, 0x2000);
      program.process.munmap(DATA, 2 * PAGE_SIZE);
      assertTrue(program.hasTable(DATA));
      assertTrue(program.hasBounds(DATA + 3 * PAGE_SIZE, 0x2000));
      assertFalse(program.hasBounds(DATA, 0x1000)); // zapped
    }
  }

  /** The middle span goes, the two at the edges keep their tables. */
  @ParameterizedTest
  @EnumSource(names = {"BDSEM", "BDSEM_ZAP_POST", "GUP_RETRY", "GUP_EARLY"})
  void aRangeOverThreeSpans(MpxUnmapVariant variant) {
    try (Program program = new Program(variant)) {
      program.map(DATA, 3 * SPAN / PAGE_SIZE);
      for (int span = 0; span < 3; span++) {
        program.store(DATA + span * SPAN, 0x1000);
        program.store(DATA + (span + 1) * SPAN - 8, 0x2000);
      }
      program.process.munmap(DATA + SPAN / 2, 2 * SPAN);
      assertTrue(program.hasTable(DATA));
      assertFalse(program.hasTable(DATA + SPAN));
      assertTrue(program.hasTable(DATA + 2 * SPAN));
      assertTrue(program.hasBounds(DATA, 0x1000));
      assertTrue(program.hasBounds(DATA + 3 * SPAN - 8, 0x2000));
      assertFalse(program.hasBounds(DATA + SPAN - 8, 0x2000));
    }
  }

  /** 5.2: what is about to go counts as its own neighbour, unless it is all that there can be. */
  @Test
  void from5Point2OnOnlyAWholeSpanFreesATable() {
    try (Program program = new Program(MpxUnmapVariant.GUP_EARLY)) {
      program.map(DATA, 1);
      program.store(DATA, 0x1000);
      program.process.munmap(DATA, PAGE_SIZE);
      assertTrue(program.hasTable(DATA)); // although nothing is mapped there
      program.map(DATA, SPAN / PAGE_SIZE);
      program.process.munmap(DATA, SPAN);
      assertFalse(program.hasTable(DATA));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BDSEM", "GUP_RETRY", "GUP_EARLY"})
  void aDirectoryThatWasScribbledOnIsASignal(MpxUnmapVariant variant) {
    try (Program program = new Program(variant)) {
      program.map(DATA, 2);
      program.cpu.storeLong(program.entryOf(DATA), 0x7000); // not valid, and not zero
      assertThrows(SegvException.class, () -> program.store(DATA, 1));
      assertFalse(program.hasTables());
      assertThrows(SegvException.class, () -> program.process.munmap(DATA, PAGE_SIZE));
      // An entry that names the data itself.
      program.cpu.storeLong(program.entryOf(DATA), DATA + PAGE_SIZE | 1);
      program.map(DATA, 1);
      assertThrows(SegvException.class, () -> program.process.munmap(DATA, PAGE_SIZE));
      program.cpu.storeLong(program.entryOf(DATA), 0);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BDSEM", "GUP_RETRY", "GUP_EARLY"})
  void aDirectoryThatIsGoneOrReadOnlyIsASignal(MpxUnmapVariant variant) {
    try (Program program = new Program(variant)) {
      Process process = program.process;
      program.map(DATA, SPAN / PAGE_SIZE);
      program.store(DATA, 0x1000);
      long page = program.entryOf(DATA) & PAGE_MASK;
      process.mprotect(page, PAGE_SIZE, PROT_READ);
      assertThrows(SegvException.class, () -> process.munmap(DATA, SPAN));
      assertThrows(SegvException.class, () -> program.store(DATA + 8 * SPAN, 1));
      process.mpxDisableManagement();
      process.munmap(page, PAGE_SIZE);
      process.mpxEnableManagement(program.cpu);
      program.map(DATA, 1);
      assertThrows(SegvException.class, () -> program.store(DATA, 1));
      assertThrows(SegvException.class, () -> process.munmap(DATA, PAGE_SIZE));
      process.mpxDisableManagement();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BDSEM", "GUP_RETRY"})
  void thirtyTwoBitTables(MpxUnmapVariant variant) {
    long directory = 0x1000_0000L;
    try (Program program = new Program(variant, BoundsGeometry.BITS_32, directory)) {
      // Tables must have 32-bit addresses: that is for the placement of a 32-bit process.
      program.process.mm().mmapBase = 0xf000_0000L;
      program.process.mpxEnableManagement(program.cpu);
      program.map(0x804_a000L, 2);
      program.store(0x804_a128L, 0x1000);
      program.store(0x804_b128L, 0x1000);
      assertTrue(program.hasBounds(0x804_a128L, 0x1000));
      program.process.munmap(0x804_a000L, 2 * PAGE_SIZE);
      assertFalse(program.hasTables());
    }
  }

  @Test
  void aChildHasItsOwnTables() {
    try (Program program = new Program(MpxUnmapVariant.GUP_RETRY)) {
      program.map(DATA, 1);
      program.store(DATA, 0x1000);
      Process child = program.process.fork();
      child.munmap(DATA, PAGE_SIZE);
      assertFalse(child.maps().contains("[mpx]"));
      assertTrue(program.hasBounds(DATA, 0x1000));
      child.exit();
    }
  }
}
