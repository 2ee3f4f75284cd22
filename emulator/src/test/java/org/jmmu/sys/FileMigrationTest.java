package org.jmmu.sys;

import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.MAP_SHARED;
import static org.jmmu.mm.Mman.MS_SYNC;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jmmu.filemap.OpenMode;
import org.jmmu.migrate.MigratePages.Result;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.SigbusException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pages of files go from frame to frame: in the cache, and under the feet of who maps them. */
class FileMigrationTest extends SteppedProcess {
  private static final int MINUTES = 2; // deadline of the free-running test
  private static final int STEPS = 10_000;
  private static final int PAGES = 4;

  private int memfd(int pages) {
    int fd = process.memfdCreate("m", 0);
    process.ftruncate(fd, pages * PAGE_SIZE);
    return fd;
  }

  private int regular(int pages) {
    byte[] content = new byte[(int) (pages * PAGE_SIZE)];
    return process.install(machine.files().openInMemory("/file", content, OpenMode.O_RDWR));
  }

  private void map(long page, int fd, int pages, int prot, int flags) {
    long vaddr = process.mmap(at(page), pages * PAGE_SIZE, prot, flags | MAP_FIXED, fd, 0);
    assertEquals(at(page), vaddr);
  }

  private long pfn(Process of, long page) {
    return Pte.pfn(new PageProbe(machine).pteVal(of, at(page)));
  }

  private long flags(long pfn) {
    return PageDesc.flagsGetAcquire(machine.kernel().phys, pfn);
  }

  private byte[] bytes(int value) {
    return new byte[] {(byte) value};
  }

  private int read(int fd) {
    byte[] one = new byte[1];
    assertEquals(1, process.pread(fd, one, 0));
    return one[0];
  }

  @Test
  void everyMappingAndTheFileFollow() {
    int fd = memfd(2);
    map(10, fd, 2, RW, MAP_SHARED);
    map(20, fd, 2, PROT_READ, MAP_PRIVATE);
    store(10, 5);
    assertEquals(5, load(20));
    Process child = process.fork();
    assertEquals(5, child.runOn(other).loadLong(at(10)));
    long before = pfn(process, 10);
    assertEquals(Result.MIGRATED, process.movePage(at(20)));
    long after = pfn(process, 10);
    assertNotEquals(before, after);
    assertEquals(after, pfn(process, 20));
    assertEquals(after, pfn(child, 10));
    assertEquals(5, read(fd));
    store(10, 6); // still writable
    assertEquals(6, load(20));
    assertEquals(6, other.loadLong(at(10)));
    process.pwrite(fd, bytes(7), 0);
    assertEquals(7, load(20));
    machine.check();
    process.runOn(other);
    child.exit();
  }

  /** Neither a store of the past nor one of the time to come is forgotten at write-back. */
  @Test
  void dirtyStaysDirtyAndCleanStaysClean() {
    int fd = regular(1);
    map(10, fd, 1, RW, MAP_SHARED);
    store(10, 5);
    assertEquals(Result.MIGRATED, process.movePage(at(10)));
    assertEquals(PageFlags.PG_DIRTY, flags(pfn(process, 10)) & PageFlags.PG_DIRTY);
    process.msync(at(10), PAGE_SIZE, MS_SYNC);
    assertEquals(0, flags(pfn(process, 10)) & PageFlags.PG_DIRTY);
    assertEquals(Result.MIGRATED, process.movePage(at(10)));
    assertEquals(0, flags(pfn(process, 10)) & PageFlags.PG_DIRTY);
    store(10, 6); // faults, as a write to a clean page must
    assertEquals(PageFlags.PG_DIRTY, flags(pfn(process, 10)) & PageFlags.PG_DIRTY);
  }

  @Test
  void aPageThatNobodyMapsMovesWithinTheCache() {
    int fd = memfd(1);
    map(10, fd, 1, RW, MAP_SHARED);
    store(10, 5);
    long pfn = process.isolatePage(at(10));
    process.munmap(at(10), PAGE_SIZE);
    assertEquals(Result.MIGRATED, machine.migratePage(pfn));
    assertEquals(5, read(fd));
    map(10, fd, 1, RW, MAP_SHARED);
    assertEquals(5, load(10));
    assertNotEquals(pfn, pfn(process, 10));
  }

  @Test
  void aPinKeepsThePageWhereItIs() {
    int fd = memfd(1);
    map(10, fd, 1, RW, MAP_SHARED);
    store(10, 5);
    long pin = process.isolatePage(at(10));
    assertEquals(Result.EAGAIN, process.movePage(at(10)));
    assertEquals(pin, pfn(process, 10));
    store(10, 6);
    assertEquals(6, read(fd));
    machine.putPage(pin);
    assertEquals(Result.MIGRATED, process.movePage(at(10)));
  }

  @Test
  void aPageThatWasTruncatedIsFreed() {
    int fd = memfd(1);
    map(10, fd, 1, RW, MAP_SHARED);
    store(10, 5);
    long pfn = process.isolatePage(at(10));
    process.ftruncate(fd, 0);
    assertEquals(Result.MIGRATED, machine.migratePage(pfn)); // there is nothing left to move
    assertThrows(SigbusException.class, () -> load(10));
  }

  /** The cache is read without a lock: a look that came too early must not end at the old frame. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "F:findLock.found C:migrate.unmapped C:end F:end",
        "C:migrate.unmapped F:end C:end",
        "C:migrate.fileCopied F:findLock.found C:end F:end",
        "C:migrate.copied F:findLock.found C:end F:end",
        "C:migrate.copied F:end C:end",
      })
  void aReadMeetsAMigration(String schedule) {
    int fd = memfd(1);
    map(10, fd, 1, RW, MAP_SHARED);
    store(10, 5);
    step(schedule, () -> assertEquals(5, read(fd)), () -> process.movePage(at(10)));
    assertMovable(10);
  }

  /** A fault waits for the entry, or is waited for. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "C:migrate.unmapped F:end C:end",
        "C:migrate.copied F:end C:end",
        "F:wpPageShared.begin C:migrate.unmapped F:end C:end",
        "F:wpPageShared.begin C:end F:end",
      })
  void aWriteFaultMeetsAMigration(String schedule) {
    int fd = regular(1);
    map(10, fd, 1, RW, MAP_SHARED);
    assertEquals(0, load(10)); // mapped clean and read-only
    step(schedule, () -> storeOther(10, 6), () -> process.movePage(at(10)));
    assertEquals(6, load(10));
    assertEquals(6, read(fd));
    assertEquals(PageFlags.PG_DIRTY, flags(pfn(process, 10)) & PageFlags.PG_DIRTY);
    assertMovable(10);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "C:migrate.unmapped F:end C:end",
        "C:migrate.fileCopied F:end C:end",
        "C:migrate.copied F:end C:end",
      })
  void truncationMeetsAMigration(String schedule) {
    int fd = memfd(1);
    map(10, fd, 1, RW, MAP_SHARED);
    store(10, 5);
    step(schedule, () -> process.ftruncate(fd, 0), () -> process.movePage(at(10)));
    assertThrows(SigbusException.class, () -> load(10));
    process.ftruncate(fd, PAGE_SIZE);
    assertEquals(0, load(10));
  }

  /** Write access that was taken away while the entry was not there does not come back with it. */
  @ParameterizedTest
  @ValueSource(strings = {"C:migrate.unmapped F:end C:end", "C:migrate.copied F:end C:end"})
  void mprotectMeetsAMigration(String schedule) {
    int fd = memfd(1);
    map(10, fd, 1, RW, MAP_SHARED);
    map(20, fd, 1, RW, MAP_SHARED);
    store(10, 5);
    store(20, 6);
    step(
        schedule,
        () -> process.mprotect(at(10), PAGE_SIZE, PROT_READ),
        () -> process.movePage(at(10)));
    assertEquals(6, load(10));
    assertTrue(!Pte.isWrite(new PageProbe(machine).pteVal(process, at(10))));
    store(20, 7);
    assertEquals(7, load(10));
  }

  @Test
  void freely() throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    int fd = regular(PAGES);
    map(0, fd, PAGES, RW, MAP_SHARED);
    map(PAGES, fd, PAGES, PROT_READ, MAP_PRIVATE);
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      Future<Integer> migrated = threads.submit(() -> migrate(over));
      Future<?> used = threads.submit(() -> use(fd));
      try {
        used.get(MINUTES, TimeUnit.MINUTES);
      } finally {
        over.set(true);
      }
      assertTrue(migrated.get(MINUTES, TimeUnit.MINUTES) > 0, "no page was ever migrated");
    }
  }

  /** Writes through a mapping or a call, and expects every other way in to show it. */
  private void use(int fd) {
    Random random = new Random(42);
    int[] expected = new int[PAGES];
    byte[] one = new byte[1];
    for (int step = 1; step <= STEPS; step++) {
      int page = random.nextInt(PAGES);
      long offset = page * PAGE_SIZE;
      int value = step & 0x7f;
      switch (random.nextInt(8)) {
        case 0 -> {
          assertEquals(1, process.pwrite(fd, bytes(value), offset));
          expected[page] = value;
        }
        case 1 -> {
          process.munmap(at(page), PAGE_SIZE);
          process.mmap(at(page), PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, fd, offset);
        }
        case 2 -> process.msync(at(page), PAGE_SIZE, MS_SYNC);
        case 3 -> {
          process.mprotect(at(page), PAGE_SIZE, PROT_READ);
          process.mprotect(at(page), PAGE_SIZE, RW);
        }
        case 4 -> {
          if (page == PAGES - 1) {
            process.ftruncate(fd, offset);
            process.ftruncate(fd, offset + PAGE_SIZE);
            expected[page] = 0;
          }
        }
        default -> {
          cpu.storeByte(at(page), (byte) value);
          expected[page] = value;
        }
      }
      assertEquals(expected[page], cpu.loadByte(at(page)), "shared " + page + " at " + step);
      assertEquals(expected[page], cpu.loadByte(at(PAGES + page)), "private at " + step);
      assertEquals(1, process.pread(fd, one, offset));
      assertEquals(expected[page], one[0], "read of " + page + " at " + step);
    }
  }

  private int migrate(AtomicBoolean over) {
    Random random = new Random(43);
    int migrated = 0;
    while (!over.get()) {
      try {
        migrated += process.movePage(at(random.nextInt(2 * PAGES))) == Result.MIGRATED ? 1 : 0;
      } catch (ErrnoException e) {
        // nothing there just now
      }
    }
    return migrated;
  }
}
