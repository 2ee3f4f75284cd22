package org.jmmu.migrate;

import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.alloc.Nodes;
import org.jmmu.phys.FrameType;

/**
 * Where pages are to be moved: gives a frame for each.
 *
 * @kernel include/linux/migrate.h:new_folio_t, free_folio_t
 */
public interface MigrationTarget {
  /** A frame of user memory with one reference, or {@link Buddy#NO_FRAME}. */
  long newFolio(long pfn);

  /** Takes a frame back that was of no use, and its reference with it. */
  void putNewFolio(long newPfn);

  /** Any frame; one of the same node as long as there is one. */
  static MigrationTarget anywhere(Frames frames, Nodes nodes) {
    return new MigrationTarget() {
      @Override
      public long newFolio(long pfn) {
        return frames.alloc(FrameType.USER, nodes.nid(pfn));
      }

      @Override
      public void putNewFolio(long newPfn) {
        frames.put(newPfn);
      }
    };
  }

  /** A frame of the node, or none. @kernel mm/migrate.c:alloc_migration_target */
  static MigrationTarget node(Frames frames, int nid) {
    return new MigrationTarget() {
      @Override
      public long newFolio(long pfn) {
        return frames.allocThisNode(FrameType.USER, nid);
      }

      @Override
      public void putNewFolio(long newPfn) {
        frames.put(newPfn);
      }
    };
  }
}
