package org.jmmu.hw;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.IntStream;
import org.jmmu.hw.CpuModel.Vendor;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every bit of an entry at every level, for leaves of each size, widths of the physical address and
 * both vendors: whether setting it alone is a reserved-bit fault (SDM vol 3, tables 4-14 to 4-20;
 * APM vol 2, 5.3).
 */
class ReservedBitsTest {
  private static final long VADDR = 0x7f12_3456_7000L;
  private static final int PS_BIT = 7;
  private static final int G_BIT = 8;
  private static final int PAT_BIT = 12;
  private static final int NX_BIT = 63;

  private final PageTables tables = new PageTables(new PhysMemory(64));

  static IntStream physAddrBits() {
    return IntStream.rangeClosed(36, 52);
  }

  @ParameterizedTest
  @MethodSource("physAddrBits")
  void addressBitsAboveTheWidth(int width) {
    Cpu cpu = boot(width, Vendor.INTEL);
    for (int leaf = PteBits.LEVEL_PTE; leaf <= PteBits.LEVEL_PUD; leaf++) {
      for (int level = leaf; level <= PteBits.LEVEL_PGD; level++) {
        for (int bit = width; bit < 52; bit++) {
          assertReserved(true, cpu, leaf, level, bit);
        }
        for (int bit = 52; bit < 63; bit++) {
          assertReserved(false, cpu, leaf, level, bit);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"INTEL, true", "INTEL, false", "AMD, true", "AMD, false"})
  void otherBits(Vendor vendor, boolean noExecute) {
    Cpu cpu = boot(46, vendor);
    cpu.wrmsrEfer(
        ControlBits.EFER_LME | ControlBits.EFER_LMA | (noExecute ? ControlBits.EFER_NXE : 0));
    assertReserved(false, cpu, PteBits.LEVEL_PTE, PteBits.LEVEL_PTE, PS_BIT); // it is PAT there
    for (int leaf = PteBits.LEVEL_PTE; leaf <= PteBits.LEVEL_PUD; leaf++) {
      for (int level = leaf; level <= PteBits.LEVEL_PGD; level++) {
        assertReserved(!noExecute, cpu, leaf, level, NX_BIT);
        boolean pgd = level == PteBits.LEVEL_PGD;
        assertReserved(pgd && vendor == Vendor.AMD, cpu, leaf, level, G_BIT);
        for (int bit = 1; bit < PS_BIT; bit++) {
          assertReserved(false, cpu, leaf, level, bit);
        }
        for (int bit = 9; bit < PAT_BIT; bit++) {
          assertReserved(false, cpu, leaf, level, bit);
        }
      }
      assertReserved(true, cpu, leaf, PteBits.LEVEL_PGD, PS_BIT);
      assertReserved(false, cpu, leaf, leaf, PAT_BIT);
      for (int bit = PAT_BIT + 1; bit < PteBits.shift(leaf); bit++) {
        assertReserved(true, cpu, leaf, leaf, bit);
      }
    }
  }

  private Cpu boot(int width, Vendor vendor) {
    CpuModel model = CpuModel.INTEL.withPhysAddrBits(width).withVendor(vendor);
    Cpu cpu = new Cpu(0, tables.phys, model, new Faults());
    cpu.writeCr3(tables.cr3());
    return cpu;
  }

  private void assertReserved(boolean reserved, Cpu cpu, int leaf, int level, int bit) {
    long large = leaf == PteBits.LEVEL_PTE ? 0 : PteBits.PS;
    tables.setLeaf(VADDR, leaf, PageTables.USER_RW | large);
    long slot = tables.slot(VADDR, level);
    long whole = Mem.longGetPlain(slot);
    Mem.longSetPlain(slot, whole | 1L << bit);
    long result = cpu.walker().walk(VADDR, Access.READ);
    int code = PageFaultCode.PROTECTION | PageFaultCode.RESERVED | PageFaultCode.USER;
    boolean found = PageWalker.isPageFault(result) && PageWalker.faultCode(result) == code;
    assertEquals(reserved, found, "bit " + bit + " at level " + level + ", leaf at " + leaf);
    // Not present: nothing else counts.
    Mem.longSetPlain(slot, (whole | 1L << bit) & ~PteBits.P);
    result = cpu.walker().walk(VADDR, Access.READ);
    assertEquals(PageFaultCode.USER, PageWalker.faultCode(result));
    Mem.longSetPlain(slot, whole);
  }
}
