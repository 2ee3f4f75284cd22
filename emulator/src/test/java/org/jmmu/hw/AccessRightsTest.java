package org.jmmu.hw;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.jmmu.hw.ReferenceMmu.End;
import org.jmmu.hw.ReferenceMmu.Mode;
import org.jmmu.hw.ReferenceMmu.Translation;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every page under every mode, against the manual's sentences as {@link ReferenceMmu} has them; and
 * the rules one by one, with the error codes that the manual gives.
 */
class AccessRightsTest {
  private static final long VADDR = 0x7f12_3456_7000L;
  private static final int KEY = 3;
  private static final int ACCESS_DISABLE = 1 << (2 * KEY);
  private static final int WRITE_DISABLE = 2 << (2 * KEY);
  private static final int NO_FAULT = -1;

  private static final int P = PageFaultCode.PROTECTION;
  private static final int W = PageFaultCode.WRITE;
  private static final int U = PageFaultCode.USER;
  private static final int I = PageFaultCode.FETCH;
  private static final int PK = PageFaultCode.PKEY;
  private static final int RSVD = PageFaultCode.RESERVED;

  private static final Mode USER = new Mode(true, false, true, true, true, true, true, 0);
  private static final Mode KERNEL = new Mode(false, false, true, true, true, true, true, 0);

  private final PageTables tables = new PageTables(new PhysMemory(64));
  private final Faults faults = new Faults();
  private final ReferenceMmu reference = new ReferenceMmu(tables.phys, 46);
  private final Cpu cpu = new Cpu(0, tables.phys, faults);

  AccessRightsTest() {
    cpu.writeCr3(tables.cr3());
  }

  /** RW, US and NX of one level; the other levels grant everything. */
  @ParameterizedTest
  @ValueSource(ints = {PteBits.LEVEL_PTE, PteBits.LEVEL_PMD, PteBits.LEVEL_PUD, PteBits.LEVEL_PGD})
  void everyPageUnderEveryMode(int level) {
    tables.map(VADDR, 40, PageTables.USER_RW | (long) KEY << PteBits.PKEY_SHIFT);
    long slot = tables.slot(VADDR, level);
    long full = Mem.longGetPlain(slot);
    for (int kind = 0; kind < 8; kind++) {
      long word = full & ~(PteBits.RW | PteBits.US);
      word |= (kind & 1) != 0 ? PteBits.RW : 0;
      word |= (kind & 2) != 0 ? PteBits.US : 0;
      word |= (kind & 4) != 0 ? PteBits.NX : 0;
      Mem.longSetPlain(slot, word);
      for (int bits = 0; bits < 1 << 9; bits++) {
        Mode mode = mode(bits);
        CpuModes.set(cpu, mode);
        for (int access = 0; access < 3; access++) {
          compare(access, mode, word);
        }
      }
    }
  }

  private static Mode mode(int bits) {
    int pkru = ((bits & 128) != 0 ? ACCESS_DISABLE : 0) | ((bits & 256) != 0 ? WRITE_DISABLE : 0);
    return new Mode(
        (bits & 1) != 0,
        (bits & 2) != 0,
        (bits & 4) != 0,
        (bits & 8) != 0,
        (bits & 16) != 0,
        (bits & 32) != 0,
        (bits & 64) != 0,
        pkru);
  }

  private void compare(int access, Mode mode, long word) {
    Translation due = reference.translate(tables.cr3(), VADDR, access, mode);
    int code = due.end() == End.PAGE_FAULT ? (int) due.value() : NO_FAULT;
    assertEquals(code, code(access), () -> "access %d to %x, %s".formatted(access, word, mode));
  }

  /** Error code of a walk, or {@link #NO_FAULT}. */
  private int code(int access) {
    long result = cpu.walker().walk(VADDR, access);
    return PageWalker.isPageFault(result) ? PageWalker.faultCode(result) : NO_FAULT;
  }

  private void expect(Mode mode, int read, int write, int fetch) {
    CpuModes.set(cpu, mode);
    assertEquals(read, code(Access.READ), "read");
    assertEquals(write, code(Access.WRITE), "write");
    assertEquals(fetch, code(Access.FETCH), "fetch");
  }

  private void page(long flags) {
    tables.map(VADDR, 40, PteBits.P | flags | (long) KEY << PteBits.PKEY_SHIFT);
  }

  private static Mode withPkru(Mode mode, boolean wp, int pkru) {
    return new Mode(mode.user(), true, wp, true, mode.smep(), true, true, pkru);
  }

  @Test
  void accessDisableStopsSupervisorAccessesToUserPagesToo() {
    page(PteBits.US | PteBits.RW);
    expect(withPkru(USER, true, ACCESS_DISABLE), P | U | PK, P | U | W | PK, NO_FAULT);
    expect(withPkru(KERNEL, true, ACCESS_DISABLE), P | PK, P | W | PK, P | I);
    expect(withPkru(KERNEL, false, ACCESS_DISABLE), P | PK, P | W | PK, P | I);
  }

  @Test
  void writeDisableStopsSupervisorWritesOnlyWithWp() {
    page(PteBits.US | PteBits.RW);
    expect(withPkru(USER, false, WRITE_DISABLE), NO_FAULT, P | U | W | PK, NO_FAULT);
    expect(withPkru(KERNEL, true, WRITE_DISABLE), NO_FAULT, P | W | PK, P | I);
    expect(withPkru(KERNEL, false, WRITE_DISABLE), NO_FAULT, NO_FAULT, P | I);
  }

  @Test
  void keysMeanNothingOnSupervisorPages() {
    page(PteBits.RW);
    expect(withPkru(KERNEL, true, ACCESS_DISABLE | WRITE_DISABLE), NO_FAULT, NO_FAULT, NO_FAULT);
    expect(withPkru(USER, true, ACCESS_DISABLE), P | U, P | U | W, P | U | I);
  }

  @Test
  void everyReasonIsReportedBesideTheKey() {
    page(PteBits.US);
    expect(withPkru(USER, true, WRITE_DISABLE), NO_FAULT, P | U | W | PK, NO_FAULT);
    Mode smap = new Mode(false, false, true, true, true, true, true, ACCESS_DISABLE);
    expect(smap, P | PK, P | W | PK, P | I);
  }

  @Test
  void noKeyIsReportedWhereThereIsNoTranslation() {
    Mode denied = withPkru(USER, true, ACCESS_DISABLE);
    tables.map(VADDR, 40, PteBits.US | (long) KEY << PteBits.PKEY_SHIFT);
    expect(denied, U, U | W, U | I);
    tables.map(VADDR, 1L << 34, PageTables.USER_RW | (long) KEY << PteBits.PKEY_SHIFT);
    expect(denied, P | RSVD | U, P | RSVD | U | W, P | RSVD | U | I);
  }

  @Test
  void fetchesAreToldApartOnlyIfAPermissionIs() {
    tables.map(VADDR, 40, PteBits.P);
    expect(new Mode(true, false, true, false, false, false, false, 0), P | U, P | U | W, P | U);
    expect(new Mode(true, false, true, true, false, false, false, 0), P | U, P | U | W, P | U | I);
    expect(new Mode(true, false, true, false, true, false, false, 0), P | U, P | U | W, P | U | I);
  }

  @Test
  void smapLetsThroughWithAcOnly() {
    page(PteBits.US | PteBits.RW);
    expect(KERNEL, P, P | W, P | I);
    expect(new Mode(false, true, true, true, true, true, true, 0), NO_FAULT, NO_FAULT, P | I);
    expect(new Mode(true, true, true, true, true, true, true, 0), NO_FAULT, NO_FAULT, NO_FAULT);
  }

  /** What the kernel does to a futex word: a compare-and-swap on user memory, from CPL 0. */
  @Test
  void kernelSwapsUserMemoryBetweenStacAndClac() {
    long pfn = tables.map(VADDR);
    CpuModes.set(cpu, KERNEL);
    assertThrows(Faults.Signal.class, () -> cpu.cmpxchgLong(VADDR, 0, 1));
    cpu.stac();
    assertEquals(0, cpu.cmpxchgLong(VADDR, 0, 1));
    cpu.clac();
    assertEquals(1, tables.content(pfn));
    tables.map(VADDR, pfn, PageTables.USER_RO);
    cpu.invlpg(VADDR);
    cpu.stac();
    assertThrows(Faults.Signal.class, () -> cpu.cmpxchgLong(VADDR, 0, 1));
    assertEquals(P | W, faults.errorCode, "a write even if it would not store, and not a user's");
  }
}
