package org.jmmu.hw;

/** Puts a CPU into the mode that the {@link ReferenceMmu} is asked about. */
final class CpuModes {
  private CpuModes() {}

  static void set(Cpu cpu, ReferenceMmu.Mode mode) {
    cpu.writeCr0(ControlBits.CR0_PE | ControlBits.CR0_PG | (mode.wp() ? ControlBits.CR0_WP : 0));
    cpu.writeCr4(
        ControlBits.CR4_PAE
            | (cpu.cr4() & (ControlBits.CR4_PGE | ControlBits.CR4_PCIDE))
            | (mode.smep() ? ControlBits.CR4_SMEP : 0)
            | (mode.smap() ? ControlBits.CR4_SMAP : 0)
            | (mode.pke() ? ControlBits.CR4_PKE : 0));
    cpu.wrmsrEfer(
        ControlBits.EFER_LME | ControlBits.EFER_LMA | (mode.nxe() ? ControlBits.EFER_NXE : 0));
    cpu.wrpkru(mode.pkru());
    cpu.setCpl(mode.user() ? 3 : 0);
    if (mode.ac()) {
      cpu.stac();
    } else {
      cpu.clac();
    }
  }
}
