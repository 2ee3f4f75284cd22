package org.jmmu.hw.vectors;

import org.jmmu.hw.ControlBits;
import org.jmmu.hw.Cpu;
import org.jmmu.hw.CpuModel;
import org.jmmu.hw.GeneralProtectionException;
import org.jmmu.hw.MachineCheckException;
import org.jmmu.hw.PteBits;
import org.jmmu.hw.vectors.PagingVector.Outcome;
import org.jmmu.phys.PhysMemory;
import org.jspecify.annotations.Nullable;

/**
 * Runs paging vectors on one emulated CPU. Accessed and dirty bits are judged strictly: exactly
 * those that a CPU sets which touches them only when the whole walk succeeds. The one liberty is
 * the format's: the first page's bits when a crossing access faults on the second.
 */
public final class VectorRunner {
  private static final int PHYS_ADDR_BITS = 40;
  private static final long STORED = 0x1122_3344_5566_7788L;
  private static final int INVPCID_EVERYTHING = 2; // global entries too

  /** Thrown by the fault handler to end the instruction; without a stack trace it is cheap. */
  private static final class PageFault extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private PageFault() {
      super("page fault", null, false, false);
    }
  }

  private final CpuModel.Vendor vendor;
  private final VectorMemory memory = new VectorMemory();
  private final Cpu cpu;

  private int faultCode;
  private long value;

  public VectorRunner(CpuModel.Vendor vendor) {
    this.vendor = vendor;
    CpuModel model = CpuModel.INTEL.withPhysAddrBits(PHYS_ADDR_BITS).withVendor(vendor);
    cpu =
        new Cpu(
            0,
            memory.phys(),
            model,
            (faulting, vaddr, errorCode) -> {
              faultCode = errorCode;
              throw new PageFault();
            });
  }

  /** Runs one vector; returns null if the CPU did as the vector says, or how it differed. */
  public @Nullable String run(PagingVector vector) {
    Outcome expected = vendor == CpuModel.Vendor.AMD ? vector.amdOutcome() : vector.outcome();
    memory.link(vector);
    for (long paddr : expected.paddrs()) {
      memory.fill(paddr);
    }
    setControls(vector);
    long cr2Before = cpu.cr2();
    long[] paddrs = new long[vector.walks().length];
    int raised = access(vector, paddrs);
    String difference = compare(vector, expected, raised, paddrs, cr2Before);
    if (difference == null) {
      difference = compareEntries(vector, expected);
    }
    memory.unlink(vector);
    return difference;
  }

  private void setControls(PagingVector vector) {
    cpu.writeCr0(
        ControlBits.CR0_PE
            | ControlBits.CR0_PG
            | (vector.has(PagingVector.CTL_WP) ? ControlBits.CR0_WP : 0));
    cpu.wrmsrEfer(
        ControlBits.EFER_LME
            | ControlBits.EFER_LMA
            | (vector.has(PagingVector.CTL_NXE) ? ControlBits.EFER_NXE : 0));
    // PCIDE can be set only while bits 11:0 of CR3 are clear.
    cpu.writeCr3(VectorMemory.PGD);
    cpu.writeCr4(
        ControlBits.CR4_PAE
            | (vector.has(PagingVector.CTL_SMEP) ? ControlBits.CR4_SMEP : 0)
            | (vector.has(PagingVector.CTL_SMAP) ? ControlBits.CR4_SMAP : 0)
            | (vector.has(PagingVector.CTL_PKE) ? ControlBits.CR4_PKE : 0)
            | (vector.has(PagingVector.CTL_PCIDE) ? ControlBits.CR4_PCIDE : 0)
            | (vector.has(PagingVector.CTL_PGE) ? ControlBits.CR4_PGE : 0));
    cpu.writeCr3(VectorMemory.PGD | vector.cr3Low());
    cpu.wrpkru(vector.pkru());
    cpu.setCpl(vector.user() ? 3 : 0);
    if (vector.has(PagingVector.CTL_AC)) {
      cpu.stac();
    } else {
      cpu.clac();
    }
    cpu.invpcid(INVPCID_EVERYTHING, 0, 0);
  }

  /** Makes the access; returns the exception vector and leaves addresses or the error code. */
  private int access(PagingVector vector, long[] paddrs) {
    try {
      value =
          switch (vector.kind()) {
            case READ -> read(vector);
            case WRITE -> write(vector);
            case FETCH -> cpu.fetch(vector.vaddr(), vector.bytes());
          };
    } catch (PageFault _) {
      return PagingVector.VECTOR_PF;
    } catch (GeneralProtectionException _) {
      faultCode = 0;
      return PagingVector.VECTOR_GP;
    } catch (MachineCheckException e) {
      // The walk was right if this is where it should have led; there is no such memory here.
      paddrs[0] = e.paddr();
      return PagingVector.VECTOR_NONE;
    }
    paddrs[0] = paddrOf(vector.vaddr());
    if (vector.crosses()) {
      paddrs[1] = paddrOf(vector.secondPage());
    }
    return PagingVector.VECTOR_NONE;
  }

  private long read(PagingVector vector) {
    long vaddr = vector.vaddr();
    return switch (vector.bytes()) {
      case Byte.BYTES -> cpu.loadByte(vaddr);
      case Short.BYTES -> cpu.loadShort(vaddr);
      case Integer.BYTES -> cpu.loadInt(vaddr);
      default -> cpu.loadLong(vaddr);
    };
  }

  private long write(PagingVector vector) {
    long vaddr = vector.vaddr();
    switch (vector.bytes()) {
      case Byte.BYTES -> cpu.storeByte(vaddr, (byte) STORED);
      case Short.BYTES -> cpu.storeShort(vaddr, (short) STORED);
      case Integer.BYTES -> cpu.storeInt(vaddr, (int) STORED);
      default -> cpu.storeLong(vaddr, STORED);
    }
    return STORED;
  }

  /** Where the translation that the access has just used leads. */
  private long paddrOf(long vaddr) {
    return (cpu.tlb().lookup(vaddr) & PteBits.ADDRESS) | (vaddr & ~PhysMemory.PAGE_MASK);
  }

  private @Nullable String compare(
      PagingVector vector, Outcome expected, int raised, long[] paddrs, long cr2Before) {
    if (raised != expected.vector()) {
      return "expected %s, found %s".formatted(name(expected.vector()), name(raised));
    }
    if (raised == PagingVector.VECTOR_NONE) {
      return compareData(vector, expected, paddrs);
    }
    if (faultCode != expected.errorCode()) {
      return "expected error code %x, found %x".formatted(expected.errorCode(), faultCode);
    }
    long cr2 = raised == PagingVector.VECTOR_PF ? expected.cr2() : cr2Before;
    if (cpu.cr2() != cr2) {
      return "expected CR2 %x, found %x".formatted(cr2, cpu.cr2());
    }
    return null;
  }

  private static String name(int raised) {
    return switch (raised) {
      case PagingVector.VECTOR_NONE -> "no exception";
      case PagingVector.VECTOR_GP -> "#GP";
      default -> "#PF";
    };
  }

  private @Nullable String compareData(PagingVector vector, Outcome expected, long[] paddrs) {
    long[] right = expected.paddrs();
    for (int page = 0; page < right.length; page++) {
      if (!memory.contains(right[page])) {
        return paddrs[0] == right[page]
            ? null
            : "expected physical address %x, found %x".formatted(right[page], paddrs[0]);
      }
      if (paddrs[page] != right[page]) {
        return "expected physical address %x, found %x".formatted(right[page], paddrs[page]);
      }
    }
    for (int i = 0; i < vector.bytes(); i++) {
      int inFirst = (int) (PhysMemory.PAGE_SIZE - (right[0] & ~PhysMemory.PAGE_MASK));
      // In a large page the next 4 KiB are the same page.
      boolean first = i < inFirst || !vector.crosses();
      long paddr = first ? right[0] + i : right[1] + i - inFirst;
      int accessed = (int) (value >>> (i * Byte.SIZE)) & 0xff;
      boolean wrote = vector.kind() == PagingVector.Kind.WRITE;
      int there = wrote ? memory.storedByte(paddr) : VectorMemory.byteAt(paddr);
      if (accessed != there) {
        return "expected byte %x at %x, found %x".formatted(there, paddr, accessed);
      }
    }
    return null;
  }

  private @Nullable String compareEntries(PagingVector vector, Outcome expected) {
    for (int walk = 0; walk < vector.walks().length; walk++) {
      for (int i = 0; i < vector.walks()[walk].length; i++) {
        long changed = memory.entry(vector, walk, i) ^ vector.walks()[walk][i];
        long due = expected.changed()[walk][i];
        boolean right = expected.changesOptional() ? (changed & ~due) == 0 : changed == due;
        if (!right) {
          return "expected bits %x to change in the level-%d entry of walk %d, found %x"
              .formatted(due, vector.levelOf(walk, i), walk + 1, changed);
        }
      }
    }
    return null;
  }
}
