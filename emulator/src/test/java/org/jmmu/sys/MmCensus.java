package org.jmmu.sys;

import static org.jmmu.types.VmFlags.VM_ACCOUNT;
import static org.jmmu.types.VmFlags.VM_EXEC;
import static org.jmmu.types.VmFlags.VM_GROWSDOWN;
import static org.jmmu.types.VmFlags.VM_LOCKED;
import static org.jmmu.types.VmFlags.VM_SHARED;
import static org.jmmu.types.VmFlags.VM_WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.AnonVmaChain;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * Everything that is counted or listed about VMAs, counted and listed anew from the VMAs
 * themselves. At rest, for one thread.
 */
final class MmCensus {
  private final Set<Vma> vmas = new HashSet<>();
  private final Map<AddressSpace, Integer> mappings = new HashMap<>();
  private long committedAs;

  private MmCensus() {}

  /** The processes are all there are, and none shares an address space. */
  static void check(Kernel kernel, List<Process> processes) {
    MmCensus census = new MmCensus();
    processes.forEach(process -> census.count(process.mm()));
    assertEquals(census.committedAs, kernel.accounting.committedAs(), "charged pages");
    census.mappings.forEach(
        (mapping, nr) -> assertEquals(nr, mapping.iMmap.size(), "VMAs on the list of a file"));
    Set<AnonVmaChain> ofVmas = new HashSet<>();
    for (Vma vma : census.vmas) {
      AnonVmaChain avc = vma.anonVmaChain.head();
      assertEquals(avc == null, vma.anonVmaGetAcquire() == null, () -> "anon_vma of " + vma);
      for (; avc != null; avc = avc.sameVmaNext()) {
        assertTrue(ofVmas.add(avc));
      }
    }
    Set<AnonVmaChain> ofAnonVmas = new HashSet<>();
    kernel.anonVmaSlots.forEach(
        anonVma -> {
          AnonVmaChain avc = anonVma.headLocked();
          for (; avc != null; avc = avc.sameAnonVmaNextLocked()) {
            assertTrue(ofAnonVmas.add(avc));
          }
          avc = anonVma.rbRoot.firstOverlap(0, Long.MAX_VALUE);
          for (; avc != null; avc = anonVma.rbRoot.nextOverlap(avc, 0, Long.MAX_VALUE)) {
            assertTrue(ofAnonVmas.add(avc));
            assertEquals(avc.vma.vmPgoffGetOpaque(), avc.first(), "first page of " + avc.vma);
            assertEquals(avc.vma.lastPgoff(), avc.last(), "last page of " + avc.vma);
          }
        });
    assertEquals(ofVmas, ofAnonVmas, "links between VMAs and anon_vmas");
  }

  private void count(Mm mm) {
    long total = 0;
    long data = 0;
    long exec = 0;
    long stack = 0;
    long locked = 0;
    for (Vma vma : mm.vmas.snapshot()) {
      vmas.add(vma);
      long flags = vma.vmFlagsGetOpaque();
      long nr = vma.nrPages();
      total += nr;
      long kind = flags & (VM_WRITE | VM_SHARED | VM_GROWSDOWN | VM_EXEC);
      if ((kind & ~VM_SHARED) == VM_EXEC) {
        exec += nr;
      } else if ((kind & VM_GROWSDOWN) != 0) {
        stack += nr;
      } else if ((kind & ~VM_EXEC) == VM_WRITE) {
        data += nr;
      }
      locked += (flags & VM_LOCKED) != 0 ? nr : 0;
      committedAs += (flags & VM_ACCOUNT) != 0 ? nr : 0;
      if (vma.file != null) {
        mappings.merge(vma.file.mapping, 1, Integer::sum);
      }
    }
    assertEquals(total, mm.totalVm, "total_vm");
    assertEquals(data, mm.dataVm, "data_vm");
    assertEquals(exec, mm.execVm, "exec_vm");
    assertEquals(stack, mm.stackVm, "stack_vm");
    assertEquals(locked, mm.lockedVm, "locked_vm");
  }
}
