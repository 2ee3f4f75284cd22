package org.jmmu.differential;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.util.Set;
import java.util.SplittableRandom;
import org.jmmu.mm.Mman;

/** Draws calls that make, change and remove mappings. */
final class MappingCalls {
  private static final int NO_FILE = -1;
  private static final int[] TYPES = {
    Mman.MAP_SHARED, Mman.MAP_SHARED, Mman.MAP_SHARED_VALIDATE,
  };

  /** What mmap ignores, or hardly does. */
  private static final int[] HARMLESS = {
    Mman.MAP_NORESERVE,
    Mman.MAP_STACK,
    Mman.MAP_32BIT,
    Mman.MAP_DENYWRITE,
    Mman.MAP_NONBLOCK,
    Mman.MAP_SYNC,
    Mman.MAP_FIXED_NOREPLACE,
  };

  private final SplittableRandom random;
  private final Zone zone;
  private final Set<Feature> features;
  private final int rwPercent;
  private final int privatePercent;
  private final int filePercent;

  MappingCalls(SplittableRandom random, Zone zone, Set<Feature> features) {
    this.random = random;
    this.zone = zone;
    this.features = features;
    rwPercent = random.nextInt(100);
    privatePercent = 30 + random.nextInt(70);
    filePercent = features.contains(Feature.FILES) ? random.nextInt(90) : 0;
  }

  Call mmap(int who) {
    long vaddr = zone.address();
    boolean ofFile = percent(filePercent);
    long file = ofFile ? random.nextInt(FileCalls.nrFiles(features)) : NO_FILE;
    long flags = type() | placement() | options() | (ofFile ? 0 : Mman.MAP_ANONYMOUS);
    if (file >= FileCalls.NR_SHMEM) {
      flags &= ~Mman.MAP_SYNC; // depends on what the disk is
    }
    long offset = ofFile ? offset() : 0;
    return new Call(who, Op.MMAP, vaddr, zone.length(vaddr), prot(), flags, file, offset);
  }

  private int type() {
    if (features.contains(Feature.DROPPABLE) && percent(3)) {
      return Mman.MAP_DROPPABLE;
    }
    boolean canBeShared = features.contains(Feature.SHARED);
    if (canBeShared && zone.isOdd()) {
      return random.nextInt(Mman.MAP_TYPE) & ~Mman.MAP_DROPPABLE;
    }
    return !canBeShared || percent(privatePercent)
        ? Mman.MAP_PRIVATE
        : TYPES[random.nextInt(TYPES.length)];
  }

  private int placement() {
    return percent(10) ? 0 : Mman.MAP_FIXED;
  }

  private int options() {
    int flags = 0;
    if (features.contains(Feature.MMAP_FLAGS) && percent(15)) {
      flags |= HARMLESS[random.nextInt(HARMLESS.length)];
    }
    if (features.contains(Feature.GROWSDOWN) && percent(8)) {
      flags |= Mman.MAP_GROWSDOWN;
    }
    if (features.contains(Feature.POPULATE) && percent(10)) {
      flags |= Mman.MAP_POPULATE;
    }
    if (features.contains(Feature.MLOCK) && percent(5)) {
      flags |= Mman.MAP_LOCKED;
    }
    return flags;
  }

  private long offset() {
    long offset = random.nextInt(FileCalls.MAX_PAGES) * PAGE_SIZE;
    return zone.isOdd() ? offset + 1 + random.nextInt(100) : offset;
  }

  Call munmap(int who) {
    long vaddr = zone.address();
    return new Call(who, Op.MUNMAP, vaddr, zone.length(vaddr));
  }

  Call mprotect(int who) {
    long vaddr = zone.address();
    long prot = prot();
    if (features.contains(Feature.GROWSDOWN) && percent(5)) {
      prot |= percent(80) ? Mman.PROT_GROWSDOWN : Mman.PROT_GROWSUP;
    }
    return new Call(who, Op.MPROTECT, vaddr, zone.length(vaddr), prot);
  }

  Call mremap(int who) {
    long vaddr = zone.address();
    long oldLength = percent(8) ? 0 : zone.length(vaddr);
    long newLength = percent(30) ? oldLength : zone.length(vaddr);
    return new Call(who, Op.MREMAP, vaddr, oldLength, newLength, mremapFlags(), zone.address());
  }

  private int mremapFlags() {
    if (zone.isOdd()) {
      return random.nextInt(16);
    }
    int flags = percent(85) ? Mman.MREMAP_MAYMOVE : 0;
    if (flags != 0 && percent(75)) {
      flags |= Mman.MREMAP_FIXED;
    }
    if (flags != 0 && percent(15)) {
      flags |= Mman.MREMAP_DONTUNMAP;
    }
    return flags;
  }

  private int prot() {
    if (percent(rwPercent)) {
      return Mman.PROT_READ | Mman.PROT_WRITE;
    }
    return random.nextInt(zone.isOdd() ? 64 : 8);
  }

  private boolean percent(int chance) {
    return random.nextInt(100) < chance;
  }
}
