package org.jmmu.mpx;

import static org.jmmu.types.SegvException.Code.SEGV_MAPERR;

import org.jmmu.hw.BoundRangeHandler;
import org.jmmu.hw.BoundsGeometry;
import org.jmmu.hw.BoundsUnit;
import org.jmmu.hw.Cpu;
import org.jmmu.mm.ArchUnmap;
import org.jmmu.mm.Mmap;
import org.jmmu.mm.Munmap;
import org.jmmu.pgtable.SwitchMm;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.KernelBug;
import org.jmmu.types.Mm;
import org.jmmu.types.MpxContext;
import org.jmmu.types.SegvException;

/**
 * The kernel's part of MPX: prctl, #BR, and the hook of everything that unmaps.
 *
 * @kernel arch/x86/mm/mpx.c, arch/x86/kernel/traps.c:do_bounds
 */
public final class Mpx implements ArchUnmap, BoundRangeHandler {
  private final SwitchMm switchMm;
  private final Mmap mmap;
  private final Munmap munmap;
  private final MpxUnmapProtocol protocol;
  private final MpxUnmapProtocol.Parts parts;

  public Mpx(
      SwitchMm switchMm,
      Mmap mmap,
      Munmap munmap,
      MpxUnmapProtocol protocol,
      MpxUnmapProtocol.Parts parts) {
    this.switchMm = switchMm;
    this.mmap = mmap;
    this.munmap = munmap;
    this.protocol = protocol;
    this.parts = parts;
  }

  /**
   * PR_MPX_ENABLE_MANAGEMENT: from here on the kernel allocates and frees the tables of the
   * directory that the calling CPU's BNDCFGU names.
   *
   * @throws ErrnoException EINVAL if the kernel has no MPX, ENXIO if the CPU has it off
   * @kernel arch/x86/mm/mpx.c:mpx_enable_management
   */
  public void enableManagement(Mm mm, BoundsUnit bounds) {
    checkExists();
    boolean enabled = (bounds.bndcfgu() & BoundsUnit.BNDCFG_ENABLE) != 0;
    protocol.prctlBegin(mm);
    try {
      mm.mmapLock.writeLock();
      mm.mpx.is32Bit = bounds.geometry() == BoundsGeometry.BITS_32;
      mm.mpx.bdAddr = enabled ? bounds.directory() : MpxContext.NO_DIRECTORY;
      mm.mmapLock.writeUnlock();
    } finally {
      protocol.prctlEnd(mm);
    }
    if (!enabled) {
      throw new ErrnoException(Errno.ENXIO, "MPX is off in BNDCFGU");
    }
  }

  /**
   * PR_MPX_DISABLE_MANAGEMENT; tables stay where they are.
   *
   * @throws ErrnoException EINVAL if the kernel has no MPX
   */
  public void disableManagement(Mm mm) {
    checkExists();
    protocol.prctlBegin(mm);
    try {
      mm.mmapLock.writeLock();
      mm.mpx.bdAddr = MpxContext.NO_DIRECTORY;
      mm.mmapLock.writeUnlock();
    } finally {
      protocol.prctlEnd(mm);
    }
  }

  private void checkExists() {
    if (!protocol.exists()) {
      throw new ErrnoException(Errno.EINVAL, "this kernel has no MPX");
    }
  }

  /**
   * @throws SegvException SEGV_BNDERR for a violation of bounds; otherwise if the directory makes
   *     no sense or is not managed
   */
  @Override
  public void boundRange(Cpu cpu, BoundsUnit bounds, int register, long vaddr) {
    Mm mm = switchMm.running(cpu);
    if (mm == null) {
      throw new KernelBug("#BR on CPU " + cpu.id() + ", which runs no process");
    }
    switch (bounds.cause()) {
      case BoundsUnit.CAUSE_VIOLATION ->
          throw SegvException.outOfBounds(vaddr, bounds.lower(register), bounds.upper(register));
      case BoundsUnit.CAUSE_INVALID_ENTRY -> {
        if (!protocol.exists()) {
          throw new SegvException(SEGV_MAPERR, bounds.entryVaddr());
        }
        protocol.allocBegin(mm);
        try {
          allocate(cpu, mm, bounds.entryVaddr());
        } finally {
          protocol.allocEnd(mm);
        }
      }
      default -> throw new SegvException(SEGV_MAPERR, vaddr);
    }
  }

  /**
   * Nothing that unmaps is kept out: if the entry is not zero any more, another thread was faster,
   * and its table will do.
   *
   * @kernel arch/x86/mm/mpx.c:do_mpx_bt_fault, allocate_bt
   */
  private void allocate(Cpu cpu, Mm mm, long entryVaddr) {
    long directory = mm.mpx.bdAddr;
    BoundsGeometry geometry = BoundsTables.geometry(mm);
    boolean inside =
        directory != MpxContext.NO_DIRECTORY
            && entryVaddr >= directory
            && entryVaddr < directory + geometry.directoryBytes();
    if (!inside) {
      throw new SegvException(SEGV_MAPERR, entryVaddr);
    }
    long table = mmap.mmapTable(mm, geometry.tableBytes());
    PausePoint.reach("mpx.tableMapped");
    boolean kept = false;
    try {
      long valid = table | BoundsGeometry.VALID;
      long found = cmpxchg(cpu, geometry, entryVaddr, valid);
      kept = found == 0;
      if (!BoundsTables.makesSense(found)) {
        throw new SegvException(SEGV_MAPERR, entryVaddr);
      }
    } finally {
      if (!kept) {
        unmapOwn(mm, table, geometry.tableBytes());
      }
    }
  }

  /** An access of the kernel, but with the rights of the program; a fault is an ordinary one. */
  private static long cmpxchg(Cpu cpu, BoundsGeometry geometry, long entryVaddr, long value) {
    if (geometry == BoundsGeometry.BITS_64) {
      return cpu.cmpxchgLong(entryVaddr, 0, value);
    }
    while (!cpu.casInt(entryVaddr, 0, (int) value)) {
      int found = cpu.loadInt(entryVaddr);
      if (found != 0) {
        return Integer.toUnsignedLong(found);
      }
    }
    return 0;
  }

  private void unmapOwn(Mm mm, long table, long bytes) {
    mm.mmapLock.writeLock();
    try {
      munmap.munmapForHook(mm, table, table + bytes);
    } finally {
      mm.mmapLock.writeUnlock();
    }
  }

  // The hook.

  @Override
  public boolean needsPreparation(Mm mm) {
    return mm.mpx.isManaged() && protocol.needsPreparation();
  }

  @Override
  public void preUnmap(Mm mm, long start, long end) {
    if (needsPreparation(mm)) {
      protocol.preUnmap(parts, mm, start, end);
    }
  }

  @Override
  public void arrived(Mm mm, long start, long end) {
    if (mm.mpx.isManaged()) {
      protocol.arrived(parts, mm, start, end);
    }
  }

  @Override
  public void detached(Mm mm, long start, long end) {
    if (mm.mpx.isManaged()) {
      protocol.detached(parts, mm, start, end);
    }
  }

  @Override
  public void unmapped(Mm mm, long start, long end) {
    if (mm.mpx.isManaged()) {
      protocol.unmapped(parts, mm, start, end);
    }
  }

  @Override
  public void postUnmap(Mm mm) {
    if (mm.mpx.isUnmapper()) {
      protocol.postUnmap(parts, mm);
    }
    if (mm.mpx.isConvict()) {
      mm.mpx.convict = null;
      throw new SegvException(SEGV_MAPERR, mm.mpx.bdAddr);
    }
  }
}
