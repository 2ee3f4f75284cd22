package org.jmmu.hugetlb;

import org.jmmu.alloc.Frames;
import org.jmmu.alloc.Nodes;
import org.jmmu.filemap.PageCache;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.PmdSharing;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.rmap.PageRmap;
import org.jmmu.types.VmSysctl;

/** The parts of this package, of one machine, wired together. */
public final class Hugetlb {
  public final Hstate hstate;
  public final FaultMutexTable mutexes;
  public final Reservations reservations;
  public final HugetlbUnmap unmap;
  public final HugetlbFault fault;
  public final HugetlbRange range;
  public final HugetlbTruncate truncate;
  public final HugetlbFiles files;
  public final PmdSharing sharing;

  public Hugetlb(
      PhysMemory phys,
      Nodes nodes,
      Frames frames,
      PageTables tables,
      TlbFlush tlbFlush,
      PageRmap pageRmap,
      AnonVmas anonVmas,
      PageCache pageCache,
      int nrCpus,
      PmdSharing sharing,
      PmdSharingProtocol protocol) {
    this.sharing = sharing;
    hstate = new Hstate(phys, nodes);
    frames.tellHugePages(hstate);
    mutexes = new FaultMutexTable(nrCpus, protocol.faultMutexClass());
    reservations = new Reservations(phys, hstate);
    unmap =
        new HugetlbUnmap(
            phys, frames, tables, tlbFlush, pageRmap, pageCache, reservations, sharing, protocol);
    HugetlbWp wp =
        new HugetlbWp(
            phys,
            frames,
            tables,
            tlbFlush,
            pageRmap,
            anonVmas,
            reservations,
            unmap,
            sharing,
            protocol);
    fault =
        new HugetlbFault(
            phys,
            frames,
            tables,
            pageRmap,
            pageCache,
            reservations,
            mutexes,
            wp,
            sharing,
            protocol);
    range = new HugetlbRange(frames, tables, tlbFlush, pageRmap, sharing, protocol);
    truncate =
        new HugetlbTruncate(phys, frames, pageCache, reservations, mutexes, unmap, fault, protocol);
    files = new HugetlbFiles(pageCache, reservations, truncate);
  }

  /** Starts over with a pool of {@code nrHugePages}; see {@link Hstate#reset}. */
  public void reset(long nrHugePages, VmSysctl sysctl) {
    files.reset();
    sharing.reset();
    hstate.reset(nrHugePages, sysctl);
  }
}
