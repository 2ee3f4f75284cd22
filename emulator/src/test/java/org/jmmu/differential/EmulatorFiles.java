package org.jmmu.differential;

import static org.jmmu.hugetlb.HugePages.HPAGE_SIZE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jmmu.filemap.OpenMode;
import org.jmmu.mm.Mman;
import org.jmmu.sys.Machine;
import org.jmmu.sys.Process;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.MappedFile;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;
import org.jmmu.types.XArray;

/** The files of one sequence, and the calls on them. */
final class EmulatorFiles {
  private static final int FIRST_OTHER = 100;
  private static final long BLOCKS_PER_HUGE_PAGE = HPAGE_SIZE / 512; // as stat counts

  private final int[] fds;
  private final List<AddressSpace> known = new ArrayList<>();
  private final List<AddressSpace> huge = new ArrayList<>();
  private final List<AddressSpace> others = new ArrayList<>();

  /**
   * @param observations of which some tell what files there are to be
   */
  EmulatorFiles(Machine machine, Process process, Set<Observation> observations) {
    boolean hasHuge = observations.contains(Observation.HUGE_PAGES);
    if (!hasHuge && !observations.contains(Observation.FILES)) {
      fds = new int[0];
      return;
    }
    fds = new int[FileCalls.FIRST_HUGE + (hasHuge ? FileCalls.NR_HUGE : 0)];
    for (int i = 0; i < FileCalls.NR_SHMEM; i++) {
      fds[i] = process.memfdCreate("file", 0);
      known.add(mappingOf(process, fds[i], 0));
    }
    for (int i = 0; i < FileCalls.DISK_MODES.length; i++) {
      OpenMode mode = FileCalls.DISK_MODES[i];
      MappedFile file =
          i == 0
              ? machine.files().openInMemory("/file", new byte[0], mode)
              : machine.files().open(known.getLast(), "/file", mode);
      if (i == 0) {
        known.add(file.mapping);
      }
      fds[FileCalls.NR_SHMEM + i] = process.install(file);
    }
    for (int i = FileCalls.FIRST_HUGE; i < fds.length; i++) {
      fds[i] = process.memfdCreate("huge", Mman.MFD_HUGETLB);
      huge.add(mappingOf(process, fds[i], Mman.MAP_NORESERVE));
    }
  }

  private static AddressSpace mappingOf(Process process, int fd, int flags) {
    long vaddr = process.mmap(0, PAGE_SIZE, Mman.PROT_READ, Mman.MAP_SHARED | flags, fd, 0);
    Vma vma = Objects.requireNonNull(process.mm().vmas.find(vaddr));
    AddressSpace mapping = Objects.requireNonNull(vma.file).mapping;
    process.munmap(vaddr, vma.vmEndGetOpaque() - vaddr);
    return mapping;
  }

  /** The descriptor of a file of the sequence; what is none stays what it is. */
  int fd(long file) {
    return file >= 0 && file < fds.length ? fds[(int) file] : (int) file;
  }

  /** As {@code is_of_disk()} of peer.c. */
  boolean isOfDisk(Vma vma) {
    return vma.file != null && known.indexOf(vma.file.mapping) == FileCalls.NR_SHMEM;
  }

  /** As {@code forget_disk()} of peer.c. */
  void forgetDisk(Mm mm, long start, byte[] inCore) {
    for (int page = 0; page < inCore.length; page++) {
      Vma vma = mm.vmas.find(start + page * PAGE_SIZE);
      if (vma != null && isOfDisk(vma)) {
        inCore[page] = 0;
      }
    }
  }

  long make(Process caller, Call call) {
    int fd = fd(call.argument(0));
    switch (call.op()) {
      case FTRUNCATE -> caller.ftruncate(fd, call.argument(1));
      case FALLOCATE ->
          caller.fallocate(fd, (int) call.argument(1), call.argument(2), call.argument(3));
      case PREAD -> {
        return caller.pread(fd, new byte[(int) call.argument(2)], call.argument(1));
      }
      case PWRITE -> {
        byte[] bytes = new byte[(int) call.argument(2)];
        for (int i = 0; i < bytes.length; i++) {
          bytes[i] = (byte) (call.argument(3) + i);
        }
        return caller.pwrite(fd, bytes, call.argument(1));
      }
      default -> throw new IllegalArgumentException(call.toString());
    }
    return 0;
  }

  void startNumbering() {
    others.clear();
  }

  /** As {@code file_number()} of peer.c. */
  int number(Vma vma) {
    if (vma.file == null) {
      return 0;
    }
    AddressSpace mapping = vma.file.mapping;
    if (known.contains(mapping)) {
      return 1 + known.indexOf(mapping);
    }
    if (huge.contains(mapping)) {
      return 1 + FileCalls.FIRST_HUGE + huge.indexOf(mapping);
    }
    int at = others.indexOf(mapping);
    if (at < 0) {
      at = others.size();
      others.add(mapping);
    }
    return FIRST_OTHER + at;
  }

  /** As {@code observe_files()} of peer.c. */
  void observe(Process process, StateRecorder recorder) {
    byte[] bytes = new byte[FileCalls.MAX_PAGES * (int) PAGE_SIZE];
    for (int i = 0; i < known.size(); i++) {
      int got = process.pread(fds[i], bytes, 0);
      Arrays.fill(bytes, got, Math.min(bytes.length, got + Long.BYTES), (byte) 0);
      recorder.record(got);
      recorder.describe("file %d size 0x%x", 1 + i, got);
      ByteBuffer words = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
      for (int at = 0; at < got; at += Long.BYTES) {
        long word = words.getLong(at);
        if (word != 0) {
          recorder.record(at);
          recorder.record(word);
          recorder.describe(" [%x] %x", at, word);
        }
      }
      recorder.describe("\n");
    }
  }

  /** As {@code observe_huge_files()} of peer.c. */
  void observeHuge(Process process, StateRecorder recorder) {
    byte[] word = new byte[Long.BYTES];
    for (int i = 0; i < huge.size(); i++) {
      long size = huge.get(i).sizeGetVolatile();
      long blocks = BLOCKS_PER_HUGE_PAGE * nrPages(huge.get(i));
      recorder.record(size);
      recorder.record(blocks);
      recorder.describe("file %d size 0x%x blocks %d", 1 + FileCalls.FIRST_HUGE + i, size, blocks);
      long end = Math.min(size, HugeCalls.MAX_FILE_PAGES * HPAGE_SIZE);
      for (long at = 0; at < end; at += HPAGE_SIZE) {
        for (long sample : EmulatorHugePages.SAMPLES) {
          Arrays.fill(word, (byte) 0);
          recorder.record(process.pread(fds[FileCalls.FIRST_HUGE + i], word, at + sample));
          long value = ByteBuffer.wrap(word).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
          recorder.record(value);
          if (value != 0) {
            recorder.describe(" [%x] %x", at + sample, value);
          }
        }
      }
      recorder.describe("\n");
    }
  }

  private static long nrPages(AddressSpace mapping) {
    long nr = 0;
    for (long at = 0; (at = mapping.pages.next(at)) != XArray.NONE; at++) {
      nr++;
    }
    return nr;
  }
}
