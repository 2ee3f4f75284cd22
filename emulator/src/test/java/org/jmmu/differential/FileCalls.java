package org.jmmu.differential;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.jmmu.filemap.OpenMode;
import org.jmmu.mm.Mman;

/** Draws calls on files. */
final class FileCalls {
  /** As in peer.c: of shared memory. */
  static final int NR_SHMEM = 2;

  /** As in peer.c: of shared memory, and a file of a disk once in each of these modes. */
  static final OpenMode[] DISK_MODES = {
    OpenMode.O_RDWR, OpenMode.O_RDONLY, OpenMode.O_WRONLY, OpenMode.O_RDWR,
  };

  /** As in peer.c: of huge pages. */
  static final int FIRST_HUGE = NR_SHMEM + DISK_MODES.length;

  static final int NR_HUGE = 2;

  /** Beyond which no file of small pages reaches. */
  static final int MAX_PAGES = 24;

  private static final int PUNCH = Mman.FALLOC_FL_PUNCH_HOLE | Mman.FALLOC_FL_KEEP_SIZE;
  private static final int[] MODES = {
    PUNCH, PUNCH, PUNCH, Mman.FALLOC_FL_PUNCH_HOLE, Mman.FALLOC_FL_ZERO_RANGE,
  };
  private static final int[] PREALLOCATING_MODES = {0, Mman.FALLOC_FL_KEEP_SIZE};

  private final SplittableRandom random;
  private final int nrFiles;
  private final int[] modes;

  FileCalls(SplittableRandom random, Set<Feature> features) {
    this.random = random;
    nrFiles = nrFiles(features);
    modes =
        features.contains(Feature.PREALLOCATE)
            ? IntStream.concat(IntStream.of(MODES), IntStream.of(PREALLOCATING_MODES)).toArray()
            : MODES;
  }

  /** How many descriptors of files calls may choose from. */
  static int nrFiles(Set<Feature> features) {
    return features.contains(Feature.DISK_FILES) ? NR_SHMEM + DISK_MODES.length : NR_SHMEM;
  }

  Call next(int who) {
    int file = random.nextInt(nrFiles);
    long offset = offset();
    long length = Math.min(1 + offset(), MAX_PAGES * PAGE_SIZE - offset);
    return switch (random.nextInt(8)) {
      case 0, 1, 2 -> new Call(who, Op.FTRUNCATE, file, offset());
      case 3, 4 -> new Call(who, Op.FALLOCATE, file, mode(file), offset, length);
      case 5 -> new Call(who, Op.PREAD, file, offset, length);
      default -> new Call(who, Op.PWRITE, file, offset, length, random.nextInt(256));
    };
  }

  /** Whether a file can have a range zeroed depends on what is on the disk. */
  private int mode(int file) {
    int mode = modes[random.nextInt(modes.length)];
    return file >= NR_SHMEM && mode == Mman.FALLOC_FL_ZERO_RANGE ? PUNCH : mode;
  }

  /** On a page boundary, or anywhere. */
  private long offset() {
    long page = random.nextInt(MAX_PAGES) * PAGE_SIZE;
    return random.nextBoolean() ? page : page + random.nextInt((int) PAGE_SIZE);
  }
}
