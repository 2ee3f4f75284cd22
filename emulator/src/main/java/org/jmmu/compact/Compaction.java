package org.jmmu.compact;

import static org.jmmu.compact.CompactZone.WHOLE_ZONE;

import java.util.function.BooleanSupplier;
import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.alloc.Nodes;
import org.jmmu.migrate.MigrateList;
import org.jmmu.migrate.MigratePages;
import org.jmmu.migrate.MigratePages.Mode;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.PhysMemory;

/**
 * Compaction of a machine's zones. Any number of runs may go on at a time: a page that one has
 * taken is left alone by the others.
 *
 * @kernel mm/compaction.c
 */
public final class Compaction {
  /**
   * What a run did.
   *
   * @param result how it ended
   * @param nrMigrated pages that it moved
   * @param nrFailed pages that it could not move
   */
  public record Outcome(CompactResult result, int nrMigrated, int nrFailed) {}

  private final PhysMemory phys;
  private final Frames frames;
  private final Nodes nodes;
  private final MigrateList migrateList;

  public Compaction(PhysMemory phys, Frames frames, Nodes nodes, MigratePages migratePages) {
    this.phys = phys;
    this.frames = frames;
    this.nodes = nodes;
    this.migrateList = new MigrateList(migratePages);
  }

  /** Moves the pages of a node together. @kernel mm/compaction.c:compact_node */
  public Outcome compactNode(int nid) {
    return run(nid, WHOLE_ZONE, Mode.SYNC, () -> false);
  }

  /** Until 2^{@code order} frames are free in one piece, or nothing more can be done. */
  Outcome compact(int nid, int order, BooleanSupplier stop) {
    return run(nid, order, Mode.SYNC, stop);
  }

  /**
   * 2^{@code order} frames in one piece, from node {@code nid} if it has them; if no node has,
   * after compaction.
   *
   * @return the first frame, with one reference; or {@link Buddy#NO_FRAME}
   * @kernel mm/page_alloc.c:__alloc_pages_direct_compact
   */
  public long allocPages(int order, FrameType type, int nid) {
    long pfn = nodes.alloc(order, type, nid);
    for (Mode mode : Mode.values()) { // what does not wait comes first
      for (int i = 0; i < nodes.nr() && pfn == Buddy.NO_FRAME; i++) {
        Outcome outcome = run((nid + i) % nodes.nr(), order, mode, () -> false);
        if (outcome.result == CompactResult.SUCCESS) {
          pfn = nodes.alloc(order, type, nid);
        }
      }
    }
    return pfn;
  }

  /** Gives back what {@link #allocPages} gave. @kernel mm/page_alloc.c:__free_pages */
  public void freePages(long pfn, int order) {
    if (frames.freeze(pfn, 1)) {
      nodes.zone(nodes.nid(pfn)).free(pfn, order);
    } else {
      throw new IllegalStateException("somebody else has a reference to frame " + pfn);
    }
  }

  private Outcome run(int nid, int order, Mode mode, BooleanSupplier stop) {
    CompactZone run =
        new CompactZone(phys, frames, nodes.zone(nid), migrateList, order, mode, stop);
    CompactResult result = run.run();
    return new Outcome(result, run.nrMigrated(), run.nrFailed());
  }
}
