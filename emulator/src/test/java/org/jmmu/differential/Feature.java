package org.jmmu.differential;

import java.util.EnumSet;
import java.util.Set;

/** A class of calls that a generator may draw from. */
enum Feature {
  /** Arguments that are unaligned, empty, or reach beyond user space. */
  ODD_ARGUMENTS,
  /** In one of ten sequences. */
  FORK,
  MPROTECT,
  /** Flags of mmap that change neither what is mapped nor its pages. */
  MMAP_FLAGS,
  /** MAP_SHARED and MAP_SHARED_VALIDATE of anonymous memory. */
  SHARED,
  /** MAP_GROWSDOWN and PROT_GROWSDOWN. */
  GROWSDOWN,
  /** MAP_POPULATE. */
  POPULATE,
  MREMAP,
  /** Advice that changes flags of VMAs. */
  MADVISE_FLAGS,
  /** Advice that changes pages. */
  MADVISE_PAGES,
  /** MADV_REMOVE. */
  MADVISE_REMOVE,
  /** mlock, mlock2, munlock, MAP_LOCKED. */
  MLOCK,
  MSYNC,
  MINCORE,
  /** mlockall of what is yet to be mapped, munlockall. */
  MLOCKALL,
  /** MAP_DROPPABLE. */
  DROPPABLE,
  /** Mappings of files, and calls on files. */
  FILES,
  /** The same with a file of a disk, opened more than once and in all modes. */
  DISK_FILES,
  /** fallocate that puts pages into files, not only takes them out. */
  PREALLOCATE,
  /** Huge pages, with which a sequence has hardly anything else. */
  HUGE_PAGES;

  /** What shows in sequences of some features. */
  static Set<Observation> observations(Set<Feature> features) {
    Set<Observation> observations =
        EnumSet.of(Observation.MAPS, Observation.PAGES, Observation.EXCLUSIVE);
    if (features.contains(MINCORE)) {
      observations.add(Observation.MINCORE);
    }
    if (features.contains(FILES)) {
      observations.add(Observation.FILES);
    }
    if (features.contains(HUGE_PAGES)) {
      observations.add(Observation.HUGE_PAGES);
    }
    return observations;
  }
}
