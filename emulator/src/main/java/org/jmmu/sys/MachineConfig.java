package org.jmmu.sys;

import java.util.function.UnaryOperator;
import org.jmmu.alloc.Nodes;
import org.jmmu.hugetlb.PmdSharingProtocol;
import org.jmmu.hugetlb.PmdSharingVmaLock;
import org.jmmu.mm.ExecStackProtocol;
import org.jmmu.mm.ExecStackTempStackFlag;
import org.jmmu.mm.Fault;
import org.jmmu.mm.MigrationWaitProtocol;
import org.jmmu.mm.MigrationWaitPtlQueue;
import org.jmmu.mm.UffdMoveSwapEntryRecheck;
import org.jmmu.mm.UffdMoveSwapProtocol;
import org.jmmu.mm.UnshareSplitProtocol;
import org.jmmu.mm.UnshareSplitUnderLocks;
import org.jmmu.mpx.MpxUnmapAbsent;
import org.jmmu.mpx.MpxUnmapProtocol;
import org.jmmu.pgtable.PmdShareCountProtocol;
import org.jmmu.pgtable.PmdShareCountPtShare;
import org.jmmu.rmap.MremapPeekProtocol;
import org.jmmu.rmap.MremapPeekRmapLocks;
import org.jmmu.rmap.UffdMoveBoth;
import org.jmmu.rmap.UffdMoveProtocol;
import org.jmmu.rmap.VmaAdjustProtocol;
import org.jmmu.rmap.VmaAdjustRwsemInterval;
import org.jmmu.swap.EntryEncoding;

/**
 * What a machine is made of.
 *
 * @param nrFrames frames of 4 KiB, at least 8; untouched ones cost no memory
 * @param nrCpus 1 to 64
 * @param nrNodes 1 to 8 memory nodes, of at least 8 frames each; they share the frames equally
 * @param nrHugePages pages of 2 MiB that the pool of the machine gets of its frames, as far as they
 *     go: n of them fit into {@code 512 * (n + 1)} frames
 * @param protectionKeys whether the CPUs have them, and with them memory that can only be executed
 * @param protocols what the kernel does at each seam
 */
public record MachineConfig(
    int nrFrames,
    int nrCpus,
    int nrNodes,
    int nrHugePages,
    boolean protectionKeys,
    Protocols protocols) {
  private static final int MIN_FRAMES = 8;
  private static final int MAX_CPUS = Long.SIZE; // bits of a CPU mask
  private static final Protocols MAINLINE =
      Protocols.NONE
          .with(VmaAdjustProtocol.class, new VmaAdjustRwsemInterval())
          .with(MigrationWaitProtocol.class, new MigrationWaitPtlQueue())
          .with(MremapPeekProtocol.class, new MremapPeekRmapLocks())
          .with(ExecStackProtocol.class, new ExecStackTempStackFlag())
          .with(PmdSharingProtocol.class, new PmdSharingVmaLock())
          .with(PmdShareCountProtocol.class, new PmdShareCountPtShare())
          .with(UnshareSplitProtocol.class, new UnshareSplitUnderLocks())
          .with(MpxUnmapProtocol.class, new MpxUnmapAbsent())
          .with(UffdMoveProtocol.class, new UffdMoveBoth())
          .with(UffdMoveSwapProtocol.class, new UffdMoveSwapEntryRecheck())
          .with(Fault.Locking.class, Fault.Locking.VMA_LOCK)
          .with(EntryEncoding.class, EntryEncoding.INVERTED);

  /**
   * @throws IllegalArgumentException if a number is out of range
   */
  public MachineConfig {
    if (nrNodes < 1 || nrNodes > Nodes.MAX_NUMNODES) {
      throw new IllegalArgumentException("1 to " + Nodes.MAX_NUMNODES + " nodes, not " + nrNodes);
    }
    if (nrFrames < nrNodes * MIN_FRAMES) {
      throw new IllegalArgumentException(
          "at least " + MIN_FRAMES + " frames a node, not " + nrFrames + " in all");
    }
    if (nrHugePages < 0) {
      throw new IllegalArgumentException(nrHugePages + " huge pages");
    }
    if (nrCpus < 1 || nrCpus > MAX_CPUS) {
      throw new IllegalArgumentException("1 to " + MAX_CPUS + " CPUs, not " + nrCpus);
    }
  }

  /** 64 frames, 2 CPUs, one node, mainline protocols. */
  public static MachineConfig small() {
    return new MachineConfig(64, 2, 1, 0, true, MAINLINE);
  }

  /** As {@code change} makes it, such as an era: all protocols of a kernel version at once. */
  public MachineConfig with(UnaryOperator<MachineConfig> change) {
    return change.apply(this);
  }

  /** With {@code protocol} at the seam that is interface {@code seam}. */
  public <T> MachineConfig with(Class<T> seam, T protocol) {
    return new MachineConfig(
        nrFrames, nrCpus, nrNodes, nrHugePages, protectionKeys, protocols.with(seam, protocol));
  }

  /** What the kernel does at the seam that is interface {@code seam}. */
  public <T> T protocol(Class<T> seam) {
    return protocols.get(seam);
  }

  public MachineConfig withFrames(int frames) {
    return new MachineConfig(frames, nrCpus, nrNodes, nrHugePages, protectionKeys, protocols);
  }

  public MachineConfig withCpus(int cpus) {
    return new MachineConfig(nrFrames, cpus, nrNodes, nrHugePages, protectionKeys, protocols);
  }

  public MachineConfig withNodes(int nodes) {
    return new MachineConfig(nrFrames, nrCpus, nodes, nrHugePages, protectionKeys, protocols);
  }

  /** A pool of huge pages. */
  public MachineConfig withHugePages(int hugePages) {
    return new MachineConfig(nrFrames, nrCpus, nrNodes, hugePages, protectionKeys, protocols);
  }

  /** CPUs without protection keys: what can be executed can be read. */
  public MachineConfig withoutProtectionKeys() {
    return new MachineConfig(nrFrames, nrCpus, nrNodes, nrHugePages, false, protocols);
  }

  /** How reverse-map walks and changes of VMAs exclude each other. */
  public MachineConfig withVmaAdjust(VmaAdjustProtocol protocol) {
    return with(VmaAdjustProtocol.class, protocol);
  }

  /** How a fault that meets a migration entry waits for the end of the migration. */
  public MachineConfig withMigrationWait(MigrationWaitProtocol protocol) {
    return with(MigrationWaitProtocol.class, protocol);
  }

  /** Whether the second walk of a migration finds an entry that mremap is moving. */
  public MachineConfig withMremapPeek(MremapPeekProtocol protocol) {
    return with(MremapPeekProtocol.class, protocol);
  }

  /** How execve moves the stack of a new program. */
  public MachineConfig withExecStack(ExecStackProtocol protocol) {
    return with(ExecStackProtocol.class, protocol);
  }

  /** How a walk that does not lock the page and UFFDIO_MOVE exclude each other. */
  public MachineConfig withUffdMove(UffdMoveProtocol protocol) {
    return with(UffdMoveProtocol.class, protocol);
  }

  /** Whether UFFDIO_MOVE of a swap entry takes the right page along. */
  public MachineConfig withUffdMoveSwap(UffdMoveSwapProtocol protocol) {
    return with(UffdMoveSwapProtocol.class, protocol);
  }

  /** What a page fault locks. */
  public MachineConfig withFaultLocking(Fault.Locking locking) {
    return with(Fault.Locking.class, locking);
  }
}
