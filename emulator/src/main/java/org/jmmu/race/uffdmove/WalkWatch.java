package org.jmmu.race.uffdmove;

import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.AnonVmaWatch;
import org.jmmu.types.AnonVma;

/**
 * The stale-anon_vma oracle. From when a walk has locked the page's anon_vma until it unlocks it,
 * the page must have that anon_vma or be unmapped, and the anon_vma must be alive, and the one that
 * it was when the page had it.
 */
final class WalkWatch implements AnonVmaWatch {
  private final PhysMemory phys;
  private final AnonVma source;
  private final int sourceGeneration;
  private boolean matches = true;
  private boolean valid = true;

  /** To be made while {@code source} is the page's anon_vma. */
  WalkWatch(PhysMemory phys, AnonVma source) {
    this.phys = phys;
    this.source = source;
    this.sourceGeneration = source.generationGetAcquire();
  }

  @Override
  public void locked(long pfn, AnonVma anonVma) {
    look(pfn, anonVma);
  }

  @Override
  public void unlocking(long pfn, AnonVma anonVma) {
    look(pfn, anonVma);
  }

  private void look(long pfn, AnonVma anonVma) {
    long mapping = PageDesc.mappingGetAcquire(phys, pfn);
    matches &=
        mapping == (anonVma.handle() | PageFlags.PAGE_MAPPING_ANON)
            || PageDesc.mapcountGetAcquire(phys, pfn) == 0;
    valid &=
        (anonVma != source || anonVma.generationGetAcquire() == sourceGeneration)
            && anonVma.refcountGetAcquire() > 0;
  }

  /** Whether the page had the anon_vma whose lock the walk held. */
  boolean matches() {
    return matches;
  }

  /** Whether that anon_vma was alive all the time. */
  boolean isValid() {
    return valid;
  }
}
