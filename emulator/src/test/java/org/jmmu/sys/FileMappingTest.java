package org.jmmu.sys;

import static org.jmmu.mm.Mman.FALLOC_FL_KEEP_SIZE;
import static org.jmmu.mm.Mman.FALLOC_FL_PUNCH_HOLE;
import static org.jmmu.mm.Mman.MADV_REMOVE;
import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_POPULATE;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.MAP_SHARED;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import org.jmmu.filemap.OpenMode;
import org.jmmu.hw.Cpu;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.Mem;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.MappedFile;
import org.jmmu.types.SegvException;
import org.jmmu.types.SigbusException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Files, mapped and not; the answers are those of Linux 6.18. Afterwards no frame is missing. */
class FileMappingTest {
  private static final int RW = PROT_READ | PROT_WRITE;
  private static final int PUNCH = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

  private Machine machine;
  private Process process;
  private Cpu cpu;

  @BeforeEach
  void boot() {
    machine = Machine.boot(MachineConfig.small().withFrames(256));
    process = machine.spawn();
    cpu = process.runOn(machine.cpu(0));
  }

  @AfterEach
  void nothingIsLeft() {
    machine.check();
    process.exit();
    machine.check();
    assertEquals(0, machine.kernel().framesInUse());
    machine.close();
  }

  private int memfd(long size) {
    int fd = process.memfdCreate("m", 0);
    process.ftruncate(fd, size);
    return fd;
  }

  private int regular(int pages, OpenMode mode) {
    byte[] content = new byte[(int) (pages * PAGE_SIZE)];
    for (int i = 0; i < content.length; i++) {
      content[i] = (byte) (i / PAGE_SIZE + 1);
    }
    return process.install(machine.files().openInMemory("/file", content, mode));
  }

  private long map(int fd, int pages, int prot, int flags) {
    return process.mmap(0, pages * PAGE_SIZE, prot, flags, fd, 0);
  }

  private byte readByte(int fd, long offset) {
    byte[] one = new byte[1];
    assertEquals(1, process.pread(fd, one, offset));
    return one[0];
  }

  /** From /proc/PID/status. */
  private long pages(String counter) {
    String line =
        process.status().lines().filter(l -> l.startsWith(counter + ":")).findFirst().orElseThrow();
    return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024 / PAGE_SIZE;
  }

  private static void assertErrno(Errno errno, Runnable call) {
    assertEquals(errno, assertThrows(ErrnoException.class, call::run).errno());
  }

  @Test
  void privateMappingReadsTheFileAndKeepsItsWrites() {
    int fd = regular(3, OpenMode.O_RDWR);
    long vaddr = map(fd, 3, RW, MAP_PRIVATE);
    assertEquals(2, cpu.loadByte(vaddr + PAGE_SIZE));
    cpu.storeByte(vaddr + PAGE_SIZE, (byte) 9); // copies a page that is mapped
    cpu.storeByte(vaddr + 2 * PAGE_SIZE, (byte) 8); // copies one that is not
    assertEquals(2, readByte(fd, PAGE_SIZE));
    assertEquals(3, readByte(fd, 2 * PAGE_SIZE));
    assertEquals(9, cpu.loadByte(vaddr + PAGE_SIZE));
    assertEquals(8, cpu.loadByte(vaddr + 2 * PAGE_SIZE));
    assertEquals(3, cpu.loadByte(vaddr + 2 * PAGE_SIZE + 1));
    assertEquals(2, pages("RssAnon"));
    assertEquals(0, pages("RssFile"));
  }

  @Test
  void sharedMappingsAndTheFileShowTheSameBytes() {
    int fd = memfd(2 * PAGE_SIZE);
    long one = map(fd, 2, RW, MAP_SHARED);
    long two = map(fd, 2, RW, MAP_SHARED);
    assertEquals(0, cpu.loadByte(two));
    cpu.storeByte(one, (byte) 5);
    assertEquals(5, cpu.loadByte(two));
    assertEquals(5, readByte(fd, 0));
    assertEquals(1, process.pwrite(fd, new byte[] {6}, PAGE_SIZE));
    assertEquals(6, cpu.loadByte(one + PAGE_SIZE));
    process.close(fd);
    cpu.storeByte(two + PAGE_SIZE, (byte) 7);
    assertEquals(7, cpu.loadByte(one + PAGE_SIZE));
    assertEquals(0, pages("RssAnon"));
    assertEquals(4, pages("RssShmem"));
  }

  @Test
  void sharedAnonymousMemoryIsSharedByForkedProcesses() {
    long vaddr = process.mmap(2 * PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS);
    cpu.storeLong(vaddr, 1);
    Process child = process.fork();
    Cpu childCpu = child.runOn(machine.cpu(1));
    childCpu.storeLong(vaddr, 2);
    childCpu.storeLong(vaddr + PAGE_SIZE, 3); // a page that neither has yet
    assertEquals(2, cpu.loadLong(vaddr));
    assertEquals(3, cpu.loadLong(vaddr + PAGE_SIZE));
    machine.check();
    child.exit();
    assertEquals(2, cpu.loadLong(vaddr));
  }

  @Test
  void behindTheEndIsSigbus() {
    int fd = memfd(PAGE_SIZE + 1);
    long vaddr = map(fd, 4, RW, MAP_SHARED);
    cpu.storeByte(vaddr + 2 * PAGE_SIZE - 1, (byte) 1); // the page that the end lies in
    SigbusException e =
        assertThrows(SigbusException.class, () -> cpu.loadByte(vaddr + 2 * PAGE_SIZE + 3));
    assertEquals(vaddr + 2 * PAGE_SIZE + 3, e.vaddr());
    assertThrows(SigbusException.class, () -> cpu.storeByte(vaddr + 3 * PAGE_SIZE, (byte) 1));
    long copy = map(fd, 4, RW, MAP_PRIVATE);
    assertThrows(SigbusException.class, () -> cpu.storeByte(copy + 2 * PAGE_SIZE, (byte) 1));
    process.ftruncate(fd, 3 * PAGE_SIZE);
    assertEquals(0, cpu.loadByte(vaddr + 2 * PAGE_SIZE + 3));
  }

  @Test
  void truncationTakesPrivateCopiesAHoleDoesNot() {
    int fd = memfd(2 * PAGE_SIZE);
    assertEquals(1, process.pwrite(fd, new byte[] {1}, 0));
    long shared = map(fd, 2, RW, MAP_SHARED);
    long copy = map(fd, 2, RW, MAP_PRIVATE);
    assertEquals(1, cpu.loadByte(shared));
    cpu.storeByte(copy, (byte) 9);
    process.fallocate(fd, PUNCH, 0, PAGE_SIZE);
    assertEquals(0, cpu.loadByte(shared));
    assertEquals(9, cpu.loadByte(copy));
    process.ftruncate(fd, 0);
    assertThrows(SigbusException.class, () -> cpu.loadByte(copy));
    assertThrows(SigbusException.class, () -> cpu.loadByte(shared));
    process.ftruncate(fd, PAGE_SIZE);
    assertEquals(0, cpu.loadByte(copy));
  }

  @Test
  void madvRemoveIsAHole() {
    int fd = memfd(2 * PAGE_SIZE);
    long shared = map(fd, 2, RW, MAP_SHARED);
    long readOnly = map(fd, 2, PROT_READ, MAP_SHARED);
    cpu.storeByte(shared, (byte) 1);
    cpu.storeByte(shared + PAGE_SIZE, (byte) 2);
    process.madvise(shared, PAGE_SIZE, MADV_REMOVE);
    assertEquals(0, cpu.loadByte(shared));
    assertEquals(2, cpu.loadByte(shared + PAGE_SIZE));
    process.madvise(readOnly + PAGE_SIZE, PAGE_SIZE, MADV_REMOVE);
    assertEquals(0, cpu.loadByte(shared + PAGE_SIZE));
    long copy = map(fd, 2, RW, MAP_PRIVATE);
    assertErrno(Errno.EACCES, () -> process.madvise(copy, PAGE_SIZE, MADV_REMOVE));
    process.mlock(shared, PAGE_SIZE);
    assertErrno(Errno.EINVAL, () -> process.madvise(shared, PAGE_SIZE, MADV_REMOVE));
  }

  @Test
  void protectionKeysStopAccesses() {
    long vaddr = process.mmap(2 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS);
    int pkey = process.pkeyAlloc(0, 0);
    cpu.wrpkru(0);
    process.pkeyMprotect(vaddr, 2 * PAGE_SIZE, RW, pkey);
    cpu.storeByte(vaddr, (byte) 1);
    cpu.wrpkru(2 << (2 * pkey)); // no writes
    assertPkuerr(() -> cpu.storeByte(vaddr, (byte) 2)); // mapped
    assertPkuerr(() -> cpu.storeByte(vaddr + PAGE_SIZE, (byte) 2)); // not mapped
    assertEquals(1, cpu.loadByte(vaddr));
    cpu.wrpkru(1 << (2 * pkey)); // no access
    assertPkuerr(() -> cpu.loadByte(vaddr));
    cpu.wrpkru(0);
    cpu.storeByte(vaddr, (byte) 2);
  }

  private static void assertPkuerr(Runnable access) {
    SegvException e = assertThrows(SegvException.class, access::run);
    assertEquals(SegvException.Code.SEGV_PKUERR, e.code());
  }

  @Test
  void partsOfPagesAreZeroed() {
    int fd = memfd(3 * PAGE_SIZE);
    byte[] ones = new byte[(int) (3 * PAGE_SIZE)];
    Arrays.fill(ones, (byte) 1);
    assertEquals(ones.length, process.pwrite(fd, ones, 0));
    process.fallocate(fd, PUNCH, 100, 2 * PAGE_SIZE);
    byte[] now = new byte[ones.length];
    assertEquals(now.length, process.pread(fd, now, 0));
    Arrays.fill(ones, 100, (int) (100 + 2 * PAGE_SIZE), (byte) 0);
    assertArrayEquals(ones, now);
    process.ftruncate(fd, 50);
    process.ftruncate(fd, PAGE_SIZE);
    assertEquals(1, readByte(fd, 49));
    assertEquals(0, readByte(fd, 50));
  }

  @Test
  void extensionShowsWhatWasWrittenBehindTheEnd() {
    int fd = memfd(100);
    long vaddr = map(fd, 1, RW, MAP_SHARED);
    cpu.storeByte(vaddr + 200, (byte) 7);
    process.ftruncate(fd, 2 * PAGE_SIZE);
    assertEquals(7, cpu.loadByte(vaddr + 200));
  }

  @Test
  void mincoreSeesPagesButNotHoles() {
    int fd = memfd(4 * PAGE_SIZE);
    long vaddr = map(fd, 4, RW, MAP_SHARED);
    assertArrayEquals(new byte[4], process.mincore(vaddr, 4 * PAGE_SIZE));
    process.fallocate(fd, 0, 0, 2 * PAGE_SIZE); // without content they do not count
    assertArrayEquals(new byte[4], process.mincore(vaddr, 4 * PAGE_SIZE));
    long _ = cpu.loadByte(vaddr);
    assertEquals(0, readByte(fd, 2 * PAGE_SIZE)); // leaves the hole alone
    long _ = cpu.loadByte(vaddr + 3 * PAGE_SIZE);
    assertArrayEquals(new byte[] {1, 0, 0, 1}, process.mincore(vaddr, 4 * PAGE_SIZE));
    process.munmap(vaddr + PAGE_SIZE, PAGE_SIZE);
    assertErrno(Errno.ENOMEM, () -> process.mincore(vaddr, 4 * PAGE_SIZE));
    assertErrno(Errno.EINVAL, () -> process.mincore(vaddr + 1, PAGE_SIZE));
    assertErrno(Errno.ENOMEM, () -> process.mincore(1L << 62, PAGE_SIZE));
  }

  @Test
  void pagesAllocatedTwiceHaveContent() {
    int fd = memfd(3 * PAGE_SIZE);
    long vaddr = map(fd, 3, RW, MAP_SHARED);
    process.fallocate(fd, 0, 0, 2 * PAGE_SIZE);
    process.fallocate(fd, 0, PAGE_SIZE, 2 * PAGE_SIZE);
    assertArrayEquals(new byte[] {0, 1, 0}, process.mincore(vaddr, 3 * PAGE_SIZE));
  }

  @Test
  void truncationToTheSameSizeDropsPagesBehindTheEnd() {
    int fd = memfd(PAGE_SIZE);
    process.fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 3 * PAGE_SIZE);
    process.fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 3 * PAGE_SIZE);
    process.ftruncate(fd, PAGE_SIZE);
    process.ftruncate(fd, 3 * PAGE_SIZE);
    long vaddr = map(fd, 3, RW, MAP_SHARED);
    assertArrayEquals(new byte[] {1, 0, 0}, process.mincore(vaddr, 3 * PAGE_SIZE));
  }

  @Test
  void holeThatEndsInTheFirstPageUnmapsTheRest() {
    int fd = memfd(3 * PAGE_SIZE);
    assertEquals(1, process.pwrite(fd, new byte[] {5}, 2 * PAGE_SIZE));
    long vaddr = map(fd, 3, RW, MAP_SHARED);
    assertEquals(5, cpu.loadByte(vaddr + 2 * PAGE_SIZE));
    process.fallocate(fd, PUNCH, 0, PAGE_SIZE - 1);
    assertEquals(0, new PageProbe(machine).pteVal(process, vaddr + 2 * PAGE_SIZE));
    assertEquals(5, cpu.loadByte(vaddr + 2 * PAGE_SIZE));
  }

  @Test
  void holesReachWhatIsStored() {
    int fd = regular(3, OpenMode.O_RDWR);
    process.fallocate(fd, PUNCH, PAGE_SIZE, PAGE_SIZE + 1);
    assertEquals(1, readByte(fd, PAGE_SIZE - 1));
    assertEquals(0, readByte(fd, PAGE_SIZE));
    assertEquals(0, readByte(fd, 2 * PAGE_SIZE));
    assertEquals(3, readByte(fd, 2 * PAGE_SIZE + 1));
  }

  @Test
  void regularFileThatGrowsShowsZeroes() {
    int fd = regular(1, OpenMode.O_RDWR);
    long vaddr = map(fd, 1, RW, MAP_SHARED);
    process.ftruncate(fd, 100);
    cpu.storeByte(vaddr + 100, (byte) 7);
    cpu.storeByte(vaddr + 300, (byte) 9);
    assertEquals(1, process.pwrite(fd, new byte[] {5}, 200));
    assertEquals(0, cpu.loadByte(vaddr + 100));
    assertEquals(9, cpu.loadByte(vaddr + 300));
    process.ftruncate(fd, PAGE_SIZE);
    assertEquals(0, cpu.loadByte(vaddr + 300));
  }

  @Test
  void readFaultMapsCachedPagesAround() {
    int fd = regular(40, OpenMode.O_RDONLY);
    assertEquals(40 * PAGE_SIZE, process.pread(fd, new byte[(int) (40 * PAGE_SIZE)], 0));
    long vaddr = 0x7000_0000_7000L;
    assertEquals("0-15", mappedAfterReading(fd, vaddr, 0)); // from the fault on: nothing is before
    assertEquals("9-24", mappedAfterReading(fd, vaddr, 20)); // an aligned window
    assertEquals("25-39", mappedAfterReading(fd, vaddr, 39)); // up to the end of the VMA
  }

  private String mappedAfterReading(int fd, long vaddr, int page) {
    long _ = process.mmap(vaddr, 40 * PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
    long _ = cpu.loadByte(vaddr + page * PAGE_SIZE);
    int first = 40;
    int last = 0;
    for (int at = 0; at < 40; at++) {
      if (isMapped(vaddr + at * PAGE_SIZE)) {
        first = Math.min(first, at);
        last = at;
      }
    }
    assertEquals(last - first + 1, pages("RssFile"));
    return first + "-" + last;
  }

  private boolean isMapped(long vaddr) {
    PageTables tables = machine.kernel().tables;
    long pteAddr = tables.pteOffset(process.mm(), vaddr);
    return pteAddr != PageTables.NONE && Pte.isPresent(Mem.longGetAcquire(pteAddr));
  }

  @Test
  void populateTakesWhatThereIs() {
    int fd = memfd(2 * PAGE_SIZE);
    long vaddr = map(fd, 4, RW, MAP_SHARED | MAP_POPULATE);
    assertArrayEquals(new byte[] {1, 1, 0, 0}, process.mincore(vaddr, 4 * PAGE_SIZE));
    long anon = process.mmap(3 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE);
    assertArrayEquals(new byte[] {1, 1, 1}, process.mincore(anon, 3 * PAGE_SIZE));
    assertEquals(3, pages("RssAnon"));
  }

  @Test
  void descriptorsAreTheLowestFreeNumbers() {
    assertEquals(0, process.memfdCreate("a", 0));
    assertEquals(1, process.memfdCreate("b", 0));
    process.close(0);
    assertEquals(0, process.memfdCreate("c", 0));
    Process child = process.fork();
    child.close(1);
    process.ftruncate(1, 10);
    assertErrno(Errno.EBADF, () -> child.ftruncate(1, 10));
    assertErrno(Errno.EBADF, () -> process.close(7));
    assertErrno(Errno.EBADF, () -> process.mmap(0, PAGE_SIZE, RW, MAP_SHARED, 7, 0));
    child.exit();
  }

  @Test
  void errnosOfFileCalls() {
    int fd = memfd(PAGE_SIZE);
    int readOnly = regular(1, OpenMode.O_RDONLY);
    int writeOnly = regular(1, OpenMode.O_WRONLY);
    byte[] one = new byte[1];
    assertErrno(Errno.EINVAL, () -> process.ftruncate(fd, -1));
    assertErrno(Errno.EINVAL, () -> process.ftruncate(readOnly, 0));
    assertErrno(Errno.EBADF, () -> process.pwrite(readOnly, one, 0));
    assertErrno(Errno.EBADF, () -> process.pread(writeOnly, one, 0));
    assertErrno(Errno.EINVAL, () -> process.pread(fd, one, -1));
    assertErrno(Errno.EINVAL, () -> process.pwrite(fd, one, Long.MAX_VALUE));
    assertErrno(Errno.EBADF, () -> process.fallocate(readOnly, 0, 0, 1));
    assertErrno(Errno.EINVAL, () -> process.fallocate(fd, 0, 0, 0));
    assertErrno(Errno.EOPNOTSUPP, () -> process.fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 1));
    assertErrno(Errno.EOPNOTSUPP, () -> process.fallocate(fd, 0x800, 0, 1));
    assertErrno(Errno.EFBIG, () -> process.fallocate(fd, 0, 1L << 62, 1L << 62));
    assertErrno(Errno.EINVAL, () -> process.memfdCreate("x", 0x100));
    assertErrno(Errno.EINVAL, () -> process.memfdCreate("x".repeat(250), 0));
    assertEquals(3, process.memfdCreate("x".repeat(249), 0));
    assertErrno(Errno.EACCES, () -> map(readOnly, 1, RW, MAP_SHARED));
    long vaddr = map(readOnly, 1, PROT_READ, MAP_SHARED);
    assertThrows(SegvException.class, () -> cpu.storeByte(vaddr, (byte) 1));
    assertEquals(0, process.pread(fd, one, PAGE_SIZE));
  }

  @Test
  void twoOpenFilesOfOneFileShareItsPages() {
    MappedFile first = machine.files().openInMemory("/file", new byte[10], OpenMode.O_RDWR);
    int fd = process.install(first);
    int again = process.install(machine.files().open(first.mapping, "/file", OpenMode.O_RDONLY));
    long vaddr = map(again, 1, PROT_READ, MAP_SHARED);
    process.close(again);
    assertEquals(1, process.pwrite(fd, new byte[] {4}, 3));
    assertEquals(4, cpu.loadByte(vaddr + 3));
    process.close(fd);
    assertEquals(4, cpu.loadByte(vaddr + 3));
  }
}
