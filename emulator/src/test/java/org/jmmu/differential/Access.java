package org.jmmu.differential;

import org.jmmu.differential.Result.Kind;
import org.jmmu.hw.Cpu;
import org.jmmu.types.SegvException;
import org.jmmu.types.SigbusException;

/**
 * How a load or a store ended.
 *
 * @param value what was loaded; of a signal, its number and its code
 */
record Access(Kind kind, long value) {
  private static final int SIGBUS = 7;
  private static final int SIGSEGV = 11;
  private static final int BUS_ADRERR = 2;

  static Access load(Cpu cpu, long vaddr) {
    try {
      return new Access(Kind.OK, cpu.loadLong(vaddr));
    } catch (SegvException e) {
      return segv(e);
    } catch (SigbusException _) {
      return signal(SIGBUS, BUS_ADRERR);
    }
  }

  static Access store(Cpu cpu, long vaddr, long value) {
    try {
      cpu.storeLong(vaddr, value);
      return new Access(Kind.OK, 0);
    } catch (SegvException e) {
      return segv(e);
    } catch (SigbusException _) {
      return signal(SIGBUS, BUS_ADRERR);
    }
  }

  private static Access segv(SegvException e) {
    return signal(SIGSEGV, e.code().number());
  }

  private static Access signal(int signal, int siCode) {
    return new Access(Kind.SIGNAL, ((long) signal << Result.SIGNAL_SHIFT) | siCode);
  }
}
