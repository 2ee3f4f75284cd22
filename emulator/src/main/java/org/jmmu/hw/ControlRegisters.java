package org.jmmu.hw;

import static org.jmmu.hw.ControlBits.CR0_PE;
import static org.jmmu.hw.ControlBits.CR0_PG;
import static org.jmmu.hw.ControlBits.CR0_WP;
import static org.jmmu.hw.ControlBits.CR3_NOFLUSH;
import static org.jmmu.hw.ControlBits.CR3_PCID;
import static org.jmmu.hw.ControlBits.CR4_PAE;
import static org.jmmu.hw.ControlBits.CR4_PCIDE;
import static org.jmmu.hw.ControlBits.CR4_PGE;
import static org.jmmu.hw.ControlBits.CR4_PKE;
import static org.jmmu.hw.ControlBits.CR4_SMAP;
import static org.jmmu.hw.ControlBits.CR4_SMEP;
import static org.jmmu.hw.ControlBits.EFER_LMA;
import static org.jmmu.hw.ControlBits.EFER_LME;
import static org.jmmu.hw.ControlBits.EFER_NXE;

import org.jmmu.phys.PhysMemory;

/**
 * The registers that steer paging, and the instructions that write them or flush the TLB (SDM vol
 * 3, 4.10.4.1). Boots in the state in which Linux runs user code: long mode, all protections on,
 * CPL 3, CR3 zero.
 *
 * <p>Only 4-level long mode is emulated: a value that would leave it is refused. The instructions
 * are the kernel's, which is Java code, so the CPL does not stop them. Like the accesses they
 * belong to the thread that runs the CPU.
 */
public abstract sealed class ControlRegisters permits Cpu {
  private static final long CR4_KNOWN =
      CR4_PAE | CR4_PGE | CR4_PCIDE | CR4_SMEP | CR4_SMAP | CR4_PKE;
  private static final long EFER_KNOWN = 1 | EFER_LME | EFER_LMA | EFER_NXE;

  final Mmu mmu;
  private final long reservedCr3; // immutable

  private long cr0 = CR0_PE | CR0_PG | CR0_WP;
  private long cr3;
  private long cr4 = CR4_PAE | CR4_PGE | CR4_PCIDE | CR4_SMEP | CR4_SMAP;
  private long efer = EFER_LME | EFER_LMA | EFER_NXE;
  private int pkru;
  private int cpl = 3;
  private boolean ac;

  ControlRegisters(int id, PhysMemory phys, CpuModel model, FaultHandler handler) {
    mmu = new Mmu(id, phys, model, handler);
    reservedCr3 = ~(CR3_NOFLUSH | (1L << model.physAddrBits()) - 1);
    changeMode();
  }

  public long cr0() {
    return cr0;
  }

  /** The address of the last page fault. */
  public long cr2() {
    return mmu.cr2();
  }

  public long cr3() {
    return cr3;
  }

  public long cr4() {
    return cr4;
  }

  public long efer() {
    return efer;
  }

  public int pkru() {
    return pkru;
  }

  public int cpl() {
    return cpl;
  }

  /** The PCID in use, 0 without CR4.PCIDE. */
  public int pcid() {
    return (cr4 & CR4_PCIDE) != 0 ? (int) (cr3 & CR3_PCID) : 0;
  }

  /** Changes CR0.WP; no TLB entry is flushed, but rights are judged anew. */
  public void writeCr0(long value) {
    require((value & (CR0_PE | CR0_PG)) == (CR0_PE | CR0_PG), "CR0", value);
    cr0 = value;
    changeMode();
  }

  /**
   * Switches the page table, and the PCID if CR4.PCIDE. The non-global entries of the new PCID are
   * flushed, unless PCIDs are on and bit 63 asks to keep them.
   */
  public void writeCr3(long value) {
    boolean pcids = (cr4 & CR4_PCIDE) != 0;
    boolean keep = pcids && (value & CR3_NOFLUSH) != 0;
    require((value & reservedCr3) == 0 && (pcids || value >= 0), "CR3", value);
    cr3 = value & ~CR3_NOFLUSH;
    if (!keep) {
      mmu.tlb.flushPcid(pcid());
    }
    changeMode();
  }

  /**
   * Changes CR4. A change of PGE, and clearing PCIDE, flush everything; setting SMEP flushes the
   * current PCID.
   */
  public void writeCr4(long value) {
    long changed = cr4 ^ value;
    require((value & CR4_PAE) != 0 && (value & ~CR4_KNOWN) == 0, "CR4", value);
    boolean startsPcids = (changed & value & CR4_PCIDE) != 0;
    require(!startsPcids || (cr3 & CR3_PCID) == 0, "CR4", value);
    if ((changed & CR4_PGE) != 0 || (changed & ~value & CR4_PCIDE) != 0) {
      mmu.tlb.flushAll();
    } else if ((changed & value & CR4_SMEP) != 0) {
      mmu.tlb.flushPcid(pcid());
    }
    cr4 = value;
    changeMode();
  }

  /** Changes EFER.NXE. The TLB is left as it is: software flushes it. */
  public void wrmsrEfer(long value) {
    long longMode = EFER_LME | EFER_LMA;
    require((value & longMode) == longMode && (value & ~EFER_KNOWN) == 0, "EFER", value);
    efer = value;
    changeMode();
  }

  public void wrpkru(int value) {
    pkru = value;
    changeMode();
  }

  /** Changes the privilege level, as an interrupt, SYSCALL or a return does; 0 or 3. */
  public void setCpl(int value) {
    if (value != 0 && value != 3) {
      throw new IllegalArgumentException("CPL must be 0 or 3: " + value);
    }
    cpl = value;
    changeMode();
  }

  /** Sets RFLAGS.AC: supervisor accesses to user pages pass SMAP. */
  public void stac() {
    ac = true;
    changeMode();
  }

  public void clac() {
    ac = false;
    changeMode();
  }

  /** Flushes one page of the current PCID, and global entries for it. */
  public void invlpg(long vaddr) {
    // For a non-canonical address the instruction does nothing (SDM vol 2, INVLPG).
    if (PteBits.isCanonical(vaddr)) {
      mmu.tlb.flushPage(pcid(), vaddr);
    }
  }

  /**
   * Flushes by PCID (SDM vol 2, INVPCID).
   *
   * @param type 0: one page of {@code pcid}; 1: all of {@code pcid}; 2: everything; 3: everything
   *     but global entries
   */
  public void invpcid(int type, int pcid, long vaddr) {
    require((pcid & ~CR3_PCID) == 0, "INVPCID descriptor", pcid);
    boolean usesPcid = type == 0 || type == 1;
    boolean pcids = (cr4 & CR4_PCIDE) != 0;
    require(!usesPcid || pcids || pcid == 0, "INVPCID descriptor", pcid);
    require(type != 0 || PteBits.isCanonical(vaddr), "INVPCID address", vaddr);
    switch (type) {
      case 0 -> mmu.tlb.flushPageKeepGlobal(pcid, vaddr);
      case 1 -> mmu.tlb.flushPcid(pcid);
      case 2 -> mmu.tlb.flushAll();
      case 3 -> mmu.tlb.flushAllKeepGlobal();
      default -> throw new GeneralProtectionException("INVPCID type " + type);
    }
  }

  private static void require(boolean valid, String register, long value) {
    if (!valid) {
      throw new GeneralProtectionException("%s cannot hold 0x%x".formatted(register, value));
    }
  }

  /** Brings everything that is derived from the registers up to date. */
  private void changeMode() {
    long mode =
        (cpl == 3 ? AccessRights.MODE_USER : 0)
            | (ac ? AccessRights.MODE_AC : 0)
            | ((cr0 & CR0_WP) != 0 ? AccessRights.MODE_WP : 0)
            | ((cr4 & CR4_SMEP) != 0 ? AccessRights.MODE_SMEP : 0)
            | ((cr4 & CR4_SMAP) != 0 ? AccessRights.MODE_SMAP : 0)
            | ((efer & EFER_NXE) != 0 ? AccessRights.MODE_NXE : 0)
            | ((cr4 & CR4_PKE) != 0 ? Integer.toUnsignedLong(pkru) << AccessRights.PKRU_SHIFT : 0);
    mmu.setContext(mode, (cr4 & CR4_PGE) != 0, cr3 & PteBits.ADDRESS, pcid());
  }
}
