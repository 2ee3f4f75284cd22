package org.jmmu.sys;

import static org.jmmu.filemap.OpenMode.O_RDONLY;
import static org.jmmu.mm.Mman.MADV_DONTDUMP;
import static org.jmmu.mm.Mman.MADV_DONTFORK;
import static org.jmmu.mm.Mman.MADV_POPULATE_WRITE;
import static org.jmmu.mm.Mman.MADV_WIPEONFORK;
import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_GROWSDOWN;
import static org.jmmu.mm.Mman.MAP_NORESERVE;
import static org.jmmu.mm.Mman.MAP_POPULATE;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.MAP_SHARED;
import static org.jmmu.mm.Mman.MREMAP_DONTUNMAP;
import static org.jmmu.mm.Mman.MREMAP_FIXED;
import static org.jmmu.mm.Mman.MREMAP_MAYMOVE;
import static org.jmmu.mm.Mman.PROT_EXEC;
import static org.jmmu.mm.Mman.PROT_NONE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.util.List;
import org.jmmu.mm.ExecImage;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.MappedFile;
import org.junit.jupiter.api.Test;

/**
 * Failures of the calls that change an address space, each at every point: 261 points.
 *
 * <p>What a failure leaves behind is what Linux leaves. A VMA that was split stays split. What
 * MAP_FIXED and MREMAP_FIXED replace is gone once its unmapping is past failing. A new range that
 * cannot be joined with its neighbours becomes a VMA of its own, and mremap that cannot unmap the
 * source leaves it there, without pages; both succeed. mremap of several VMAs leaves those moved
 * that came before.
 */
class FailAllocTest extends WithFailures {
  private static final int MOVE = MREMAP_MAYMOVE | MREMAP_FIXED;

  private ExecImage image = new ExecImage(List.of(), List.of());

  private void mapFile(long page, long nrPages, int prot, int type) {
    int fd = process.memfdCreate("file", 0);
    process.ftruncate(fd, nrPages * PAGE_SIZE);
    long _ = process.mmap(at(page), nrPages * PAGE_SIZE, prot, type | MAP_FIXED, fd, 0);
    process.close(fd);
  }

  private void mapShared(long page, long nrPages) {
    int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED;
    long _ = process.mmap(at(page), nrPages * PAGE_SIZE, RW, flags);
  }

  private void mapUncharged(long page, long nrPages, int prot) {
    long _ = process.mmap(at(page), nrPages * PAGE_SIZE, prot, ANON | MAP_FIXED | MAP_NORESERVE);
  }

  private void move(long from, long nrPages, long newPages, int flags, long to) {
    long _ = process.mremap(at(from), nrPages * PAGE_SIZE, newPages * PAGE_SIZE, flags, at(to));
  }

  private void protect(long page, long nrPages, int prot) {
    process.mprotect(at(page), nrPages * PAGE_SIZE, prot);
  }

  private void brk(long page) {
    if (process.brk(at(page)) != at(page)) {
      throw new ErrnoException(Errno.ENOMEM, "brk");
    }
  }

  // mmap

  @Test
  void mmapOfFreshMemory() {
    check(
        () -> {},
        () -> map(0, 2, RW),
        """
        2 points
        ENOMEM, unchanged: vm_area_struct, maple_node
        """);
  }

  @Test
  void mmapBetweenNeighboursThatLookTheSame() {
    check(
        () -> {
          map(0, 1, RW);
          map(2, 1, RW);
          touch(2);
        },
        () -> map(1, 1, RW),
        """
        2 points
        success, 0-1 rw, 1-2 rw, 2-3 rw: anon_vma_chain, maple_node
        """);
  }

  @Test
  void mmapInTheMiddle() {
    check(
        () -> {
          map(0, 3, RW);
          touch(0, 1, 2);
        },
        () -> map(1, 1, PROT_READ),
        """
        8 points
        ENOMEM, unchanged: vm_area_struct, maple_node, anon_vma_chain
        ENOMEM, 0-1 rw, 1-3 rw: vm_area_struct, maple_node, anon_vma_chain
        ENOMEM, 0-1 rw, 2-3 rw: vm_area_struct, maple_node
        """);
  }

  @Test
  void mmapOverSeveral() {
    check(
        () -> {
          map(0, 2, RW);
          map(2, 1, PROT_READ);
          mapFile(3, 2, RW, MAP_PRIVATE);
          touch(0, 1, 3, 4);
        },
        () -> map(1, 3, PROT_READ),
        """
        9 points
        ENOMEM, unchanged: vm_area_struct, maple_node, anon_vma_chain
        ENOMEM, 0-1 rw, 1-2 rw, 2-3 r-, 3-5 rw: vm_area_struct, maple_node, anon_vma_chain
        ENOMEM, 0-1 rw, 1-2 rw, 2-3 r-, 3-4 rw, 4-5 rw: maple_node
        ENOMEM, 0-1 rw, 4-5 rw: vm_area_struct, maple_node
        """);
  }

  @Test
  void mmapOfAFile() {
    check(
        () -> {
          mapFile(0, 3, RW, MAP_SHARED);
          touch(0, 1);
          int _ = process.memfdCreate("other", 0);
        },
        () -> process.mmap(at(1), PAGE_SIZE, RW, MAP_PRIVATE | MAP_FIXED, 0, 0),
        """
        6 points
        ENOMEM, unchanged: vm_area_struct, maple_node
        ENOMEM, 0-1 rws, 1-3 rws: vm_area_struct, maple_node
        ENOMEM, 0-1 rws, 2-3 rws: vm_area_struct, maple_node
        """);
  }

  @Test
  void mmapOfSharedMemory() {
    check(
        () -> {},
        () -> mapShared(0, 2),
        """
        5 points
        ENOMEM, unchanged: vm_area_struct, maple_node
        ENOSPC, unchanged: shmem_inode_cache
        ENOMEM, unchanged: dentry, filp
        """);
  }

  @Test
  void mmapWithPages() {
    check(
        () -> {},
        () -> process.mmap(at(0), 2 * PAGE_SIZE, RW, ANON | MAP_FIXED | MAP_POPULATE),
        """
        9 points
        ENOMEM, unchanged: vm_area_struct, maple_node
        success, done: page table, page table, page table, anon_vma_chain, anon_vma, page, \
        page
        """);
  }

  // mprotect

  @Test
  void mprotectOfTheMiddle() {
    check(
        () -> {
          map(0, 3, RW);
          touch(0, 1, 2);
        },
        () -> protect(1, 1, PROT_READ),
        """
        6 points
        ENOMEM, unchanged: vm_area_struct, maple_node, anon_vma_chain
        ENOMEM, 0-1 rw, 1-3 rw: vm_area_struct, maple_node, anon_vma_chain
        """);
  }

  @Test
  void mprotectThatJoinsThree() {
    check(
        () -> {
          map(0, 1, RW);
          map(1, 1, PROT_READ);
          map(2, 1, RW);
          touch(2);
        },
        () -> protect(1, 1, RW),
        """
        2 points
        ENOMEM, unchanged: anon_vma_chain, maple_node
        """);
  }

  @Test
  void mprotectThatMovesTheEndOfTheVmaBelow() {
    check(
        () -> {
          mapUncharged(0, 1, PROT_READ);
          mapUncharged(1, 2, RW);
          touch(1, 2);
        },
        () -> protect(1, 1, PROT_READ),
        """
        2 points
        ENOMEM, unchanged: anon_vma_chain, maple_node
        """);
  }

  @Test
  void mprotectThatMovesTheStartOfTheVmaAbove() {
    check(
        () -> {
          mapUncharged(0, 2, RW);
          mapUncharged(2, 1, PROT_READ);
          touch(0, 1);
        },
        () -> protect(1, 1, PROT_READ),
        """
        2 points
        ENOMEM, unchanged: anon_vma_chain, maple_node
        """);
  }

  @Test
  void mprotectOfSeveral() {
    check(
        () -> {
          map(0, 2, RW);
          map(2, 1, PROT_READ | PROT_EXEC);
          mapFile(3, 2, PROT_READ, MAP_PRIVATE);
          touch(0, 1);
        },
        () -> protect(1, 3, RW),
        """
        3 points
        ENOMEM, unchanged: maple_node
        ENOMEM, 0-3 rw, 3-5 r-: vm_area_struct, maple_node
        """);
  }

  // mremap

  @Test
  void mremapThatGrowsInPlace() {
    check(
        () -> {
          map(0, 1, RW);
          map(2, 1, RW);
          touch(0);
        },
        () -> move(0, 1, 2, 0, 0),
        """
        1 points
        ENOMEM, unchanged: maple_node
        """);
  }

  @Test
  void mremapThatGrowsUpToOneThatLooksTheSame() {
    check(
        () -> {
          map(0, 1, RW);
          map(2, 1, RW);
          touch(2);
        },
        () -> move(0, 1, 2, 0, 0),
        """
        2 points
        ENOMEM, unchanged: anon_vma_chain, maple_node
        """);
  }

  @Test
  void mremapOfLockedMemory() {
    check(
        () -> {
          map(0, 1, RW);
          map(1, 1, PROT_READ);
          touch(0);
          process.mlock(at(0), PAGE_SIZE);
        },
        () -> move(0, 1, 2, MREMAP_MAYMOVE, 0),
        """
        8 points
        ENOMEM, unchanged: vm_area_struct, anon_vma_chain, maple_node, page table, page \
        table, page table
        success, 0-1 rwl, 1-2 r-, 7ffff7ffd000-7ffff7fff000 rwl: maple_node
        success, done: page
        """);
  }

  @Test
  void mremapNextToOneThatHasNoPages() {
    check(
        () -> {
          mapFile(0, 2, RW, MAP_PRIVATE);
          move(0, 1, 1, MOVE, 10);
          touch(1);
        },
        () -> move(1, 1, 1, MOVE, 11),
        """
        3 points
        success, 10-11 rw, 11-12 rw: anon_vma_chain, maple_node
        success, 1-2 rw, 10-12 rw: maple_node
        """);
  }

  @Test
  void mremapThatGrowsElsewhere() {
    check(
        () -> {
          map(0, 1, RW);
          map(1, 1, PROT_READ);
          touch(0);
        },
        () -> move(0, 1, 2, MREMAP_MAYMOVE, 0),
        """
        7 points
        ENOMEM, unchanged: vm_area_struct, anon_vma_chain, maple_node, page table, page \
        table, page table
        success, 0-1 rw, 1-2 r-, 7ffff7ffd000-7ffff7fff000 rw: maple_node
        """);
  }

  @Test
  void mremapOfTheMiddleIntoTheMiddle() {
    check(
        () -> {
          map(0, 3, RW);
          map(10, 3, RW);
          touch(0, 1, 2, 10, 11, 12);
        },
        () -> move(1, 1, 1, MOVE, 11),
        """
        17 points
        ENOMEM, unchanged: vm_area_struct, maple_node, anon_vma_chain
        ENOMEM, 0-3 rw, 10-11 rw, 11-13 rw: vm_area_struct, maple_node, anon_vma_chain
        ENOMEM, 0-3 rw, 10-11 rw, 11-12 rw, 12-13 rw: maple_node
        ENOMEM, 0-3 rw, 10-11 rw, 12-13 rw: vm_area_struct, anon_vma_chain, maple_node
        success, 0-3 rw, 10-11 rw, 11-12 rw, 12-13 rw: vm_area_struct, maple_node, \
        anon_vma_chain
        success, 0-1 rw, 1-3 rw, 10-11 rw, 11-12 rw, 12-13 rw: vm_area_struct, maple_node, \
        anon_vma_chain
        success, 0-1 rw, 1-2 rw, 2-3 rw, 10-11 rw, 11-12 rw, 12-13 rw: maple_node
        """);
  }

  @Test
  void mremapNextToOneThatLooksTheSame() {
    check(
        () -> {
          map(0, 2, RW);
          touch(0, 1);
          move(0, 1, 1, MOVE, 10);
        },
        () -> move(1, 1, 1, MOVE, 11),
        """
        2 points
        success, 10-11 rw, 11-12 rw: maple_node
        success, 1-2 rw, 10-12 rw: maple_node
        """);
  }

  @Test
  void mremapOfSeveral() {
    check(
        () -> {
          map(0, 1, RW);
          map(1, 1, PROT_READ);
          mapFile(2, 2, RW, MAP_SHARED);
          touch(0, 2);
        },
        () -> move(0, 3, 3, MOVE, 10),
        """
        12 points
        ENOMEM, unchanged: vm_area_struct, anon_vma_chain, maple_node
        success, 0-1 rw, 3-4 rws, 10-11 rw, 11-12 r-, 12-13 rws: maple_node
        ENOMEM, 1-2 r-, 2-4 rws, 10-11 rw: vm_area_struct, maple_node
        success, 1-2 r-, 3-4 rws, 10-11 rw, 11-12 r-, 12-13 rws: maple_node
        ENOMEM, 2-4 rws, 10-11 rw, 11-12 r-: vm_area_struct, maple_node
        success, 2-4 rws, 10-11 rw, 11-12 r-, 12-13 rws: vm_area_struct, maple_node
        success, 2-3 rws, 3-4 rws, 10-11 rw, 11-12 r-, 12-13 rws: maple_node
        """);
  }

  @Test
  void mremapThatKeepsTheSource() {
    check(
        () -> {
          map(0, 2, RW);
          touch(0, 1);
        },
        () -> move(0, 1, 1, MOVE | MREMAP_DONTUNMAP, 10),
        """
        3 points
        ENOMEM, unchanged: vm_area_struct, anon_vma_chain, maple_node
        """);
  }

  @Test
  void mremapThatShrinks() {
    check(
        () -> {
          map(0, 3, RW);
          touch(0, 1, 2);
        },
        () -> move(0, 2, 1, 0, 0),
        """
        7 points
        ENOMEM, unchanged: vm_area_struct, maple_node, anon_vma_chain
        ENOMEM, 0-1 rw, 1-3 rw: vm_area_struct, maple_node, anon_vma_chain
        ENOMEM, 0-1 rw, 1-2 rw, 2-3 rw: maple_node
        """);
  }

  /** Two tables of entries at the old place, two at the new one. */
  @Test
  void mremapAcrossTables() {
    check(
        () -> {
          map(510, 4, RW);
          touch(510, 511, 512, 513);
        },
        () -> move(510, 4, 4, MOVE, (1 << 18) + 510),
        """
        7 points
        ENOMEM, unchanged: vm_area_struct, anon_vma_chain, maple_node, page table, page \
        table, page table
        success, 510-514 rw, 262654-262658 rw: maple_node
        """);
  }

  /** A whole table, and a part of another one. */
  @Test
  void mremapOfAWholeTable() {
    check(
        () -> {
          map(512, 514, RW);
          touch(512, 1024);
        },
        () -> move(512, 514, 514, MOVE, (1 << 18)),
        """
        6 points
        ENOMEM, unchanged: vm_area_struct, anon_vma_chain, maple_node, page table, page \
        table
        success, 512-1026 rw, 262144-262658 rw: maple_node
        """);
  }

  // fork, execve

  @Test
  void forkOfEveryKindOfVma() {
    check(
        () -> {
          map(0, 2, RW);
          touch(0);
          children.add(process.fork());
          map(4, 1, RW);
          process.mlock(at(4), PAGE_SIZE);
          map(6, 1, RW);
          process.madvise(at(6), PAGE_SIZE, MADV_DONTFORK);
          map(8, 1, RW);
          process.madvise(at(8), PAGE_SIZE, MADV_WIPEONFORK);
          map(10, 1, PROT_NONE);
          mapShared(12, 2);
          mapFile(14, 2, RW, MAP_PRIVATE);
          mapFile(17, 1, RW, MAP_SHARED);
          map(1 << 18, 1, RW);
          touch(1, 8, 12, 14, 17, 1 << 18);
        },
        () -> children.add(process.fork()),
        """
        29 points
        ENOMEM, unchanged: mm_struct, page table, maple_node, vm_area_struct, \
        anon_vma_chain, anon_vma, anon_vma_chain, page table, page table, page table, \
        vm_area_struct, anon_vma_chain, anon_vma, anon_vma_chain, maple_node, \
        vm_area_struct, vm_area_struct, vm_area_struct, vm_area_struct, anon_vma_chain, \
        anon_vma, anon_vma_chain, vm_area_struct, vm_area_struct, anon_vma_chain, \
        anon_vma, anon_vma_chain, page table, page table
        """);
  }

  @Test
  void forkOfAForkedProcess() {
    check(
        () -> {
          map(0, 1, RW);
          touch(0);
          Process parent = process;
          process = parent.fork();
          children.add(parent);
          cpu = process.runOn(machine.cpu(0));
          touch(0);
        },
        () -> children.add(process.fork()),
        """
        11 points
        ENOMEM, unchanged: mm_struct, page table, maple_node, vm_area_struct, \
        anon_vma_chain, anon_vma_chain, anon_vma, anon_vma_chain, page table, page table, \
        page table
        """);
  }

  @Test
  void execve() {
    check(
        () -> {
          map(0, 1, RW);
          touch(0);
          MappedFile file = machine.files().openInMemory("/program", new byte[5000], O_RDONLY);
          int _ = process.install(file);
          long stackTop = ExecImage.STACK_TOP - (4L << 30);
          ExecImage.Segment text = segment(0, PAGE_SIZE, PAGE_SIZE, PROT_READ | PROT_EXEC, file);
          ExecImage.Segment data = segment(4, PAGE_SIZE + 8, 3 * PAGE_SIZE, RW, file);
          image = new ExecImage(List.of(text, data), List.of("program", "argument"), stackTop);
        },
        () -> process.execve(image),
        """
        29 points
        ENOMEM, unchanged: mm_struct, page table, vm_area_struct, maple_node
        E2BIG, unchanged: page table, page table, page table, anon_vma_chain, anon_vma, page
        ENOMEM, unchanged: maple_node, page table, page table, maple_node
        EFAULT, unchanged: maple_node
        ENOMEM, unchanged: vm_area_struct, maple_node, vm_area_struct, maple_node
        EFAULT, unchanged: page table, page table, page table, anon_vma_chain, anon_vma, \
        page, page, radix_tree_node
        ENOMEM, unchanged: vm_area_struct, maple_node
        """);
  }

  private static ExecImage.Segment segment(
      long page, long fileSize, long memSize, int prot, MappedFile file) {
    return new ExecImage.Segment(at(page), fileSize, memSize, prot, file, 0);
  }

  // others

  @Test
  void munmapOfTheMiddle() {
    check(
        () -> {
          mapFile(0, 3, RW, MAP_PRIVATE);
          touch(0, 1, 2);
        },
        () -> process.munmap(at(1), PAGE_SIZE),
        """
        7 points
        ENOMEM, unchanged: vm_area_struct, maple_node, anon_vma_chain
        ENOMEM, 0-1 rw, 1-3 rw: vm_area_struct, maple_node, anon_vma_chain
        ENOMEM, 0-1 rw, 1-2 rw, 2-3 rw: maple_node
        """);
  }

  @Test
  void munmapOfSeveral() {
    check(
        () -> {
          map(0, 2, RW);
          map(2, 1, PROT_READ);
          map(3, 2, RW);
          touch(0, 1, 3, 4);
        },
        () -> process.munmap(at(1), 3 * PAGE_SIZE),
        """
        8 points
        ENOMEM, unchanged: vm_area_struct, maple_node, anon_vma_chain
        ENOMEM, 0-1 rw, 1-2 rw, 2-3 r-, 3-5 rw: vm_area_struct, maple_node, anon_vma_chain
        ENOMEM, 0-1 rw, 1-2 rw, 2-3 r-, 3-4 rw, 4-5 rw: maple_node, maple_node
        """);
  }

  @Test
  void madviseOfFlags() {
    check(
        () -> {
          map(0, 3, RW);
          touch(0, 1, 2);
        },
        () -> process.madvise(at(1), PAGE_SIZE, MADV_DONTDUMP),
        """
        6 points
        EAGAIN, unchanged: vm_area_struct, maple_node, anon_vma_chain
        EAGAIN, 0-1 rw, 1-3 rw: vm_area_struct, maple_node, anon_vma_chain
        """);
  }

  @Test
  void madviseThatFaultsIn() {
    check(
        () -> {
          map(0, 1, RW);
          mapFile(1, 2, RW, MAP_PRIVATE);
          mapFile(3, 2, RW, MAP_SHARED);
        },
        () -> process.madvise(at(0), 5 * PAGE_SIZE, MADV_POPULATE_WRITE),
        """
        18 points
        ENOMEM, unchanged: page table, page table, page table, anon_vma_chain, anon_vma, \
        page, anon_vma_chain, anon_vma, page, page, radix_tree_node, page, page, \
        radix_tree_node, page, radix_tree_node, page, radix_tree_node
        """);
  }

  @Test
  void brkThatGrows() {
    check(
        () -> {
          process.mm().startBrk = at(0);
          process.mm().brk = at(0);
        },
        () -> brk(2),
        """
        2 points
        ENOMEM, unchanged: vm_area_struct, maple_node
        """);
  }

  @Test
  void brkThatGrowsTheHeap() {
    check(
        () -> {
          process.mm().startBrk = at(0);
          process.mm().brk = at(0);
          brk(1);
        },
        () -> brk(2),
        """
        1 points
        ENOMEM, unchanged: maple_node
        """);
  }

  @Test
  void brkThatShrinks() {
    check(
        () -> {
          process.mm().startBrk = at(0);
          process.mm().brk = at(0);
          brk(2);
          touch(0, 1);
        },
        () -> brk(1),
        """
        4 points
        ENOMEM, unchanged: vm_area_struct, maple_node, anon_vma_chain
        ENOMEM, 0-1 rw, 1-2 rw: maple_node
        """);
  }

  @Test
  void mlock() {
    check(
        () -> {
          map(0, 3, RW);
          touch(0);
        },
        () -> process.mlock(at(1), PAGE_SIZE),
        """
        7 points
        ENOMEM, unchanged: vm_area_struct, maple_node, anon_vma_chain
        ENOMEM, 0-1 rw, 1-3 rw: vm_area_struct, maple_node, anon_vma_chain
        EAGAIN, done: page
        """);
  }

  // faults

  @Test
  void writeToAStackThatGrows() {
    check(
        () -> {
          long _ = process.mmap(at(4), PAGE_SIZE, RW, ANON | MAP_FIXED | MAP_GROWSDOWN);
        },
        () -> store(1, 1),
        """
        7 points
        SIGSEGV, unchanged: anon_vma_chain, anon_vma, maple_node
        ENOMEM, done: page table, page table, page table, page
        """);
  }

  @Test
  void writeToAPageOfTheParent() {
    check(
        () -> {
          map(0, 1, RW);
          touch(0);
          Process parent = process;
          process = parent.fork();
          children.add(parent);
          cpu = process.runOn(machine.cpu(0));
        },
        () -> store(0, 1),
        """
        1 points
        ENOMEM, unchanged: page
        """);
  }
}
