package org.jmmu.race.mpxunmap;

import java.util.List;
import org.jmmu.race.Race;

/** Race mpx-unmap, as the catalogue lists it. */
public final class MpxUnmapRace implements Race {
  @Override
  public String slug() {
    return "mpx-unmap";
  }

  @Override
  public String title() {
    return "munmap against the bounds tables of what it unmaps (2014)";
  }

  @Override
  public List<MpxUnmapVariant> variants() {
    return List.of(MpxUnmapVariant.values());
  }

  @Override
  public String interleaving() {
    return """
    M: munmap of the data         U: another thread
    ----------------------------  ----------------------------
                                  the directory page is paged out
    lock mmap_lock(W)
    unmap the data
    read the directory entry:
      page fault, which waits
      for mmap_lock
    """;
  }
}
