package org.jmmu.sys;

import org.jmmu.alloc.Nodes;
import org.jmmu.mm.Fault;
import org.jmmu.mm.MigrationWaitProtocol;
import org.jmmu.mm.MigrationWaitPtlQueue;
import org.jmmu.rmap.VmaAdjustProtocol;
import org.jmmu.rmap.VmaAdjustRootOnly;

/**
 * What a machine is made of.
 *
 * @param nrFrames frames of 4 KiB, at least 8; untouched ones cost no memory
 * @param nrCpus 1 to 64
 * @param nrNodes 1 to 8 memory nodes, of at least 8 frames each; they share the frames equally
 * @param vmaAdjust how reverse-map walks and changes of VMAs exclude each other
 * @param migrationWait how a fault that meets a migration entry waits for the end of the migration
 * @param faultLocking what a page fault locks
 */
public record MachineConfig(
    int nrFrames,
    int nrCpus,
    int nrNodes,
    VmaAdjustProtocol vmaAdjust,
    MigrationWaitProtocol migrationWait,
    Fault.Locking faultLocking) {
  private static final int MIN_FRAMES = 8;
  private static final int MAX_CPUS = Long.SIZE; // bits of a CPU mask
  private static final VmaAdjustProtocol VMA_ADJUST = new VmaAdjustRootOnly();
  private static final MigrationWaitProtocol MIGRATION_WAIT = new MigrationWaitPtlQueue();

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
    if (nrCpus < 1 || nrCpus > MAX_CPUS) {
      throw new IllegalArgumentException("1 to " + MAX_CPUS + " CPUs, not " + nrCpus);
    }
  }

  /** 64 frames, 2 CPUs, one node, mainline protocols. */
  public static MachineConfig small() {
    return new MachineConfig(64, 2, 1, VMA_ADJUST, MIGRATION_WAIT, Fault.Locking.VMA_LOCK);
  }

  public MachineConfig withFrames(int frames) {
    return new MachineConfig(frames, nrCpus, nrNodes, vmaAdjust, migrationWait, faultLocking);
  }

  public MachineConfig withCpus(int cpus) {
    return new MachineConfig(nrFrames, cpus, nrNodes, vmaAdjust, migrationWait, faultLocking);
  }

  public MachineConfig withNodes(int nodes) {
    return new MachineConfig(nrFrames, nrCpus, nodes, vmaAdjust, migrationWait, faultLocking);
  }

  public MachineConfig withVmaAdjust(VmaAdjustProtocol protocol) {
    return new MachineConfig(nrFrames, nrCpus, nrNodes, protocol, migrationWait, faultLocking);
  }

  public MachineConfig withMigrationWait(MigrationWaitProtocol protocol) {
    return new MachineConfig(nrFrames, nrCpus, nrNodes, vmaAdjust, protocol, faultLocking);
  }

  public MachineConfig withFaultLocking(Fault.Locking locking) {
    return new MachineConfig(nrFrames, nrCpus, nrNodes, vmaAdjust, migrationWait, locking);
  }
}
