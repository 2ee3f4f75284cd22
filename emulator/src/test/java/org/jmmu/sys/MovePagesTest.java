package org.jmmu.sys;

import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_SHARED;
import static org.jmmu.mm.Mman.MPOL_MF_MOVE;
import static org.jmmu.mm.Mman.MPOL_MF_MOVE_ALL;
import static org.jmmu.mm.Mman.PROT_NONE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.jmmu.migrate.IsolatedPages;
import org.jmmu.types.Errno;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The system call move_pages; queries and errors are those of Linux 6.18. */
class MovePagesTest extends WithProcess {
  private static final int UNTOUCHED = 77; // in a status array
  private static final int EFAULT = -Errno.EFAULT.number();
  private static final int ENOENT = -Errno.ENOENT.number();
  private static final int EACCES = -Errno.EACCES.number();
  private static final int EBUSY = -Errno.EBUSY.number();

  @BeforeEach
  void twoNodes() {
    process.exit();
    machine.close();
    boot(MachineConfig.small().withFrames(128).withNodes(2));
  }

  private static long[] pages(int... numbers) {
    return Arrays.stream(numbers).mapToLong(WithProcess::at).toArray();
  }

  private static int[] nodes(int... nids) {
    return nids;
  }

  private static int[] status(int length) {
    int[] status = new int[length];
    Arrays.fill(status, UNTOUCHED);
    return status;
  }

  private int[] whereAre(long... vaddrs) {
    int[] status = status(vaddrs.length);
    assertEquals(0, process.movePages(vaddrs, null, status, 0));
    return status;
  }

  @Test
  void aQueryTellsNodesAndWhyThereIsNone() {
    map(0, 4, RW);
    store(0, 1);
    assertEquals(0, load(1)); // the zero page
    store(3, 1);
    process.mprotect(at(3), PAGE_SIZE, PROT_NONE);
    int fd = process.memfdCreate("m", 0);
    process.ftruncate(fd, 2 * PAGE_SIZE);
    process.mmap(at(8), 2 * PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
    store(8, 1);
    long[] vaddrs = {at(0) + 7, at(1), at(2), at(3), at(4), at(8), at(9), -PAGE_SIZE, 0};
    assertArrayEquals(
        nodes(0, EFAULT, ENOENT, 0, EFAULT, 0, ENOENT, EFAULT, EFAULT), whereAre(vaddrs));
  }

  @Test
  void pagesGoWhereTheyAreToldAndKeepTheirContents() {
    map(0, 6, RW);
    for (int page = 0; page < 6; page++) {
      store(page, page + 100);
    }
    int[] status = status(6);
    int[] targets = nodes(1, 1, 0, 1, 0, 1);
    assertEquals(0, process.movePages(pages(0, 1, 2, 3, 4, 5), targets, status, MPOL_MF_MOVE));
    assertArrayEquals(targets, status);
    assertArrayEquals(targets, whereAre(pages(0, 1, 2, 3, 4, 5)));
    for (int page = 0; page < 6; page++) {
      assertEquals(page + 100, load(page));
      store(page, page);
    }
    assertEquals(0, process.movePages(pages(0), nodes(0), status, MPOL_MF_MOVE));
    assertArrayEquals(nodes(0), whereAre(at(0)));
  }

  @Test
  void aPageThatCannotBeCollectedHoldsUpNoOther() {
    map(0, 3, RW);
    store(0, 1);
    assertEquals(0, load(1)); // the zero page
    int[] status = status(4);
    assertEquals(0, process.movePages(pages(9, 1, 2, 0), nodes(1, 1, 1, 1), status, MPOL_MF_MOVE));
    assertArrayEquals(nodes(EFAULT, EFAULT, ENOENT, 1), status);
  }

  @Test
  void sharedPagesAreMovedOnlyByMoveAll() {
    map(0, 2, RW);
    store(0, 1);
    Process child = process.fork();
    store(1, 2);
    int[] status = status(2);
    assertEquals(0, process.movePages(pages(0, 1), nodes(1, 1), status, MPOL_MF_MOVE));
    assertArrayEquals(nodes(EACCES, 1), status);
    assertEquals(0, process.movePages(pages(0), nodes(1), status, MPOL_MF_MOVE_ALL));
    assertEquals(1, status[0]);
    assertEquals(0, child.movePages(pages(0), null, status, 0));
    assertEquals(1, status[0]);
    assertEquals(1, child.runOn(machine.cpu(1)).loadLong(at(0)));
    child.exit();
  }

  @Test
  void aPageThatSomebodyElseMovesIsBusy() {
    map(0, 1, RW);
    store(0, 1);
    IsolatedPages elsewhere = new IsolatedPages(machine.kernel().phys, machine.kernel().frames);
    long pfn = process.isolatePage(at(0));
    elsewhere.isolate(pfn);
    machine.putPage(pfn);
    int[] status = status(1);
    assertEquals(0, process.movePages(pages(0), nodes(1), status, MPOL_MF_MOVE));
    assertArrayEquals(nodes(EBUSY), status);
    elsewhere.putback();
    assertEquals(0, process.movePages(pages(0), nodes(1), status, MPOL_MF_MOVE));
    assertArrayEquals(nodes(1), status);
  }

  /**
   * A reference that nobody can explain: ten tries, then everything behind the page is left, too.
   */
  @Test
  void aPinnedPageEndsTheCallAndTheRestIsCounted() {
    map(0, 5, RW);
    for (int page = 0; page < 5; page++) {
      store(page, page);
    }
    long pin = process.isolatePage(at(1));
    int[] status = status(5);
    int left = process.movePages(pages(0, 1, 2, 3, 4), nodes(1, 1, 1, 0, 1), status, MPOL_MF_MOVE);
    assertEquals(3, left); // page 1 of the first three, and the two behind
    assertArrayEquals(status(5), status);
    assertArrayEquals(nodes(1, 0, 1, 0, 0), whereAre(pages(0, 1, 2, 3, 4)));
    for (int page = 0; page < 5; page++) {
      assertEquals(page, load(page));
    }
    machine.putPage(pin);
    assertEquals(0, process.movePages(pages(1), nodes(1), status, MPOL_MF_MOVE));
    assertEquals(1, status[0]);
  }

  @Test
  void badArguments() {
    map(0, 2, RW);
    store(0, 1);
    store(1, 1);
    int[] status = status(3);
    assertErrno(Errno.EINVAL, () -> process.movePages(pages(0), nodes(1), status, 1));
    assertErrno(Errno.EINVAL, () -> process.movePages(pages(0), null, status, 8));
    assertErrno(
        Errno.ENODEV,
        () -> process.movePages(pages(0, 1, 5), nodes(1, 2, 1), status, MPOL_MF_MOVE));
    assertArrayEquals(nodes(1, UNTOUCHED, UNTOUCHED), status); // what came before is done
    assertErrno(Errno.ENODEV, () -> process.movePages(pages(0), nodes(-1), status, MPOL_MF_MOVE));
    assertErrno(Errno.EFAULT, () -> process.movePages(pages(0, 1), nodes(1), status, MPOL_MF_MOVE));
    assertErrno(
        Errno.EFAULT, () -> process.movePages(pages(0, 1), nodes(0, 0), status(1), MPOL_MF_MOVE));
    assertErrno(Errno.EFAULT, () -> process.movePages(pages(0, 1), null, status(1), 0));
    assertEquals(0, process.movePages(new long[0], nodes(), status(0), MPOL_MF_MOVE));
  }

  @Test
  void aFullNodeIsEnomem() {
    map(0, 1, RW);
    store(0, 7);
    long[] taken = takeFramesBut(0);
    int[] status = status(1);
    assertErrno(Errno.ENOMEM, () -> process.movePages(pages(0), nodes(1), status, MPOL_MF_MOVE));
    giveBack(taken);
    assertEquals(7, load(0));
    assertEquals(0, process.movePages(pages(0), nodes(1), status, MPOL_MF_MOVE));
  }
}
