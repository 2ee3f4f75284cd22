package org.jmmu.sys;

import java.util.function.UnaryOperator;
import org.jmmu.alloc.Nodes;
import org.jmmu.mm.ExecStackProtocol;
import org.jmmu.mm.ExecStackTempStackFlag;
import org.jmmu.mm.Fault;
import org.jmmu.mm.MigrationWaitProtocol;
import org.jmmu.mm.MigrationWaitPtlQueue;
import org.jmmu.rmap.MremapPeekProtocol;
import org.jmmu.rmap.MremapPeekRmapLocks;
import org.jmmu.rmap.VmaAdjustProtocol;
import org.jmmu.rmap.VmaAdjustRwsemInterval;

/**
 * What a machine is made of.
 *
 * @param nrFrames frames of 4 KiB, at least 8; untouched ones cost no memory
 * @param nrCpus 1 to 64
 * @param nrNodes 1 to 8 memory nodes, of at least 8 frames each; they share the frames equally
 * @param nrHugePages pages of 2 MiB that the pool of the machine gets of its frames, as far as they
 *     go: n of them fit into {@code 512 * (n + 1)} frames
 * @param vmaAdjust how reverse-map walks and changes of VMAs exclude each other
 * @param migrationWait how a fault that meets a migration entry waits for the end of the migration
 * @param mremapPeek whether the second walk of a migration finds an entry that mremap is moving
 * @param execStack how execve moves the stack of a new program
 * @param faultLocking what a page fault locks
 */
public record MachineConfig(
    int nrFrames,
    int nrCpus,
    int nrNodes,
    int nrHugePages,
    VmaAdjustProtocol vmaAdjust,
    MigrationWaitProtocol migrationWait,
    MremapPeekProtocol mremapPeek,
    ExecStackProtocol execStack,
    Fault.Locking faultLocking) {
  private static final int MIN_FRAMES = 8;
  private static final int MAX_CPUS = Long.SIZE; // bits of a CPU mask
  private static final VmaAdjustProtocol VMA_ADJUST = new VmaAdjustRwsemInterval();
  private static final MigrationWaitProtocol MIGRATION_WAIT = new MigrationWaitPtlQueue();
  private static final MremapPeekProtocol MREMAP_PEEK = new MremapPeekRmapLocks();
  private static final ExecStackProtocol EXEC_STACK = new ExecStackTempStackFlag();

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
    return new MachineConfig(
        64, 2, 1, 0, VMA_ADJUST, MIGRATION_WAIT, MREMAP_PEEK, EXEC_STACK, Fault.Locking.VMA_LOCK);
  }

  /** As {@code change} makes it, such as an era: all protocols of a kernel version at once. */
  public MachineConfig with(UnaryOperator<MachineConfig> change) {
    return change.apply(this);
  }

  public MachineConfig withFrames(int frames) {
    return new MachineConfig(
        frames,
        nrCpus,
        nrNodes,
        nrHugePages,
        vmaAdjust,
        migrationWait,
        mremapPeek,
        execStack,
        faultLocking);
  }

  public MachineConfig withCpus(int cpus) {
    return new MachineConfig(
        nrFrames,
        cpus,
        nrNodes,
        nrHugePages,
        vmaAdjust,
        migrationWait,
        mremapPeek,
        execStack,
        faultLocking);
  }

  public MachineConfig withNodes(int nodes) {
    return new MachineConfig(
        nrFrames,
        nrCpus,
        nodes,
        nrHugePages,
        vmaAdjust,
        migrationWait,
        mremapPeek,
        execStack,
        faultLocking);
  }

  /** A pool of huge pages. */
  public MachineConfig withHugePages(int hugePages) {
    return new MachineConfig(
        nrFrames,
        nrCpus,
        nrNodes,
        hugePages,
        vmaAdjust,
        migrationWait,
        mremapPeek,
        execStack,
        faultLocking);
  }

  public MachineConfig withVmaAdjust(VmaAdjustProtocol protocol) {
    return new MachineConfig(
        nrFrames,
        nrCpus,
        nrNodes,
        nrHugePages,
        protocol,
        migrationWait,
        mremapPeek,
        execStack,
        faultLocking);
  }

  public MachineConfig withMigrationWait(MigrationWaitProtocol protocol) {
    return new MachineConfig(
        nrFrames,
        nrCpus,
        nrNodes,
        nrHugePages,
        vmaAdjust,
        protocol,
        mremapPeek,
        execStack,
        faultLocking);
  }

  public MachineConfig withMremapPeek(MremapPeekProtocol protocol) {
    return new MachineConfig(
        nrFrames,
        nrCpus,
        nrNodes,
        nrHugePages,
        vmaAdjust,
        migrationWait,
        protocol,
        execStack,
        faultLocking);
  }

  public MachineConfig withExecStack(ExecStackProtocol protocol) {
    return new MachineConfig(
        nrFrames,
        nrCpus,
        nrNodes,
        nrHugePages,
        vmaAdjust,
        migrationWait,
        mremapPeek,
        protocol,
        faultLocking);
  }

  public MachineConfig withFaultLocking(Fault.Locking locking) {
    return new MachineConfig(
        nrFrames,
        nrCpus,
        nrNodes,
        nrHugePages,
        vmaAdjust,
        migrationWait,
        mremapPeek,
        execStack,
        locking);
  }
}
