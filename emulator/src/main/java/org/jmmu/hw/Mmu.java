package org.jmmu.hw;

import org.jmmu.phys.CacheLines;
import org.jmmu.phys.PhysMemory;
import org.jmmu.sched.Deadline;
import org.jspecify.annotations.Nullable;

/**
 * Translation for the accesses of one CPU: TLB, walker, access section. An access that the {@link
 * HotTlb} cannot answer comes here; so does every one that is misaligned or crosses a page.
 *
 * <p>{@link #open} returns inside the access section with all bytes of the access translated, so
 * that nothing is written before both pages of a crossing access are known to allow it. Faults are
 * raised outside the section, after which everything is translated afresh: the handler may have
 * flushed or changed what was found before.
 */
final class Mmu extends CacheLines {
  /**
   * From this many tries on an instruction has a deadline; before, looking at the clock is too
   * dear.
   */
  private static final int TRIES_WITHOUT_CLOCK = 16;

  // A failure that is no result of a walk.
  private static final long NON_CANONICAL = 0;

  final AccessRights rights = new AccessRights();
  final PageWalker walker;
  final Tlb tlb;
  final HotTlb hot;
  final Ipi ipi;

  private final int id;
  final long block; // immutable
  private final PhysMemory phys;
  private final FaultHandler handler;
  private boolean globalEnabled;
  private long cr2;

  // Result of open: native address of the first byte, and of the first in the second page.
  private long firstAddr;
  private long secondAddr;

  // Why translate returned 0.
  private long failure;
  private long failedVaddr;

  // The last thing that happened was a page fault: the TLB held nothing of use for the access.
  private boolean faulted;

  private long misses;
  private long faults;
  private long requests;

  Mmu(int id, PhysMemory phys, CpuModel model, FaultHandler handler) {
    this.id = id;
    block = CpuBlock.allocate(this);
    this.phys = phys;
    this.handler = handler;
    walker = new PageWalker(phys, model, rights);
    tlb = new Tlb(block, phys, rights);
    hot = tlb.hot();
    ipi = new Ipi(id, block);
  }

  /** The mode, in the bits of {@link AccessRights}, the page table and the PCID have changed. */
  void setContext(long mode, boolean globalPages, long root, int pcid) {
    rights.set(mode);
    globalEnabled = globalPages;
    walker.setNoExecute((mode & AccessRights.MODE_NXE) != 0);
    walker.setRoot(root);
    tlb.setContext(pcid, mode);
  }

  /** Flushes what other CPUs have asked for. */
  void deliver() {
    requests += ipi.deliver(tlb);
  }

  /** Enters the access section with {@code size} bytes at {@code vaddr} translated. */
  void open(Cpu cpu, long vaddr, int size, int access) {
    misses++;
    Deadline deadline = null;
    for (int tries = 1; !tryOpen(vaddr, size, access); tries++) {
      recover(cpu);
      deadline = again(vaddr, tries, deadline);
    }
  }

  /**
   * An instruction is about to be tried once more.
   *
   * @param deadline what this returned for the try before, null for the first
   * @throws NoProgressException if that goes on for too long
   */
  @Nullable Deadline again(long vaddr, int tries, @Nullable Deadline deadline) {
    if (tries < TRIES_WITHOUT_CLOCK) {
      return null;
    }
    if (deadline != null && deadline.hasPassed()) {
      throw new NoProgressException(
          "CPU %d: access to 0x%x tried %d times within %d ms, last fault at 0x%x"
              .formatted(id, vaddr, tries, deadline.millis(), cr2));
    }
    return deadline == null ? Deadline.start() : deadline;
  }

  /**
   * For an instruction that makes several accesses, and is interrupted between none of them: enters
   * the access section, unless there are requests to answer first.
   */
  boolean enter() {
    ipi.enter(block);
    if (ipi.pendingGetAcquire()) {
      close();
      return false;
    }
    return true;
  }

  void close() {
    CpuBlock.sectionLeaveRelease(block);
  }

  long firstAddr() {
    return firstAddr;
  }

  long secondAddr() {
    return secondAddr;
  }

  private boolean tryOpen(long vaddr, int size, int access) {
    long end = vaddr + size - 1;
    long secondPage = end & PhysMemory.PAGE_MASK;
    boolean crosses = secondPage != (vaddr & PhysMemory.PAGE_MASK);
    checkCanonical(vaddr);
    if (crosses && access != Access.FETCH) {
      // The whole operand is checked before any of it is translated; a fetch goes byte by byte.
      checkCanonical(secondPage);
    }
    boolean opened = false;
    ipi.enter(block);
    try {
      if (!ipi.pendingGetAcquire()) {
        firstAddr = translate(vaddr, access);
        opened = firstAddr != 0;
        if (opened && crosses) {
          secondAddr =
              PteBits.isCanonical(secondPage)
                  ? translate(secondPage, access)
                  : fail(secondPage, NON_CANONICAL);
          opened = secondAddr != 0;
        }
      }
    } finally {
      if (!opened) {
        CpuBlock.sectionLeaveRelease(block);
      }
    }
    return opened;
  }

  static void checkCanonical(long vaddr) {
    if (!PteBits.isCanonical(vaddr)) {
      throw GeneralProtectionException.nonCanonical(vaddr);
    }
  }

  /** Native address of a byte, or 0 and {@link #failure}; within the section. */
  long translate(long vaddr, int access) {
    long word = faulted ? 0 : tlb.lookup(vaddr);
    faulted = false;
    boolean hit = word != 0 && hits(word, access);
    if (!hit) {
      // Also when the TLB holds a translation that forbids the access: the tables may have been
      // relaxed since, and walking before faulting spares the kernel the spurious fault.
      word = walker.walk(vaddr, access);
      if (!PageWalker.isTranslation(word)) {
        return fail(vaddr, word);
      }
    }
    // After a hit as well: a large page may begin inside the memory and end beyond it.
    if (!phys.containsPfn(PteBits.pfn(word))) {
      return fail(vaddr, word);
    }
    if (!hit) {
      tlb.fill(vaddr, word, globalEnabled);
    }
    hot.enter(vaddr, word);
    return phys.addr(word & PteBits.ADDRESS) + (vaddr & ~PhysMemory.PAGE_MASK);
  }

  private boolean hits(long word, int access) {
    return rights.allows(word, access) && (access != Access.WRITE || (word & PteBits.D) != 0);
  }

  private long fail(long vaddr, long result) {
    failure = result;
    failedVaddr = vaddr;
    return 0;
  }

  /** Does what stands between the access and its next try; the section has been left. */
  void recover(Cpu cpu) {
    if (ipi.pendingGetAcquire()) {
      deliver();
      return;
    }
    long result = failure;
    if (PageWalker.isPageFault(result)) {
      faults++;
      cr2 = failedVaddr;
      handler.pageFault(cpu, failedVaddr, PageWalker.faultCode(result));
      faulted = true;
    } else if (result == NON_CANONICAL) {
      throw GeneralProtectionException.nonCanonical(failedVaddr);
    } else {
      throw new MachineCheckException(
          PageWalker.isTranslation(result)
              ? (result & PteBits.ADDRESS) | (failedVaddr & ~PhysMemory.PAGE_MASK)
              : walker.wildAddress(),
          failedVaddr);
    }
  }

  long cr2() {
    return cr2;
  }

  CpuStatistics statistics() {
    return new CpuStatistics(
        CpuBlock.hitsGetPlain(block), misses, walker.walks(), tlb.fills(), faults, requests);
  }
}
