package org.jmmu.sys;

import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.MAP_SHARED;
import static org.jmmu.mm.Mman.MS_ASYNC;
import static org.jmmu.mm.Mman.MS_INVALIDATE;
import static org.jmmu.mm.Mman.MS_SYNC;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jmmu.filemap.OpenMode;
import org.jmmu.hw.Cpu;
import org.jmmu.phys.Mem;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.Backing;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.SigbusException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files with something behind them: when it is written, and when it fails. */
class DiskFileTest {
  private static final int RW = PROT_READ | PROT_WRITE;

  @TempDir Path directory;

  private final Machine machine = Machine.boot(MachineConfig.small());
  private final Process process = machine.spawn();
  private final Cpu cpu = process.runOn(machine.cpu(0));

  @AfterEach
  void nothingIsLeft() {
    machine.check();
    process.exit();
    machine.check();
    assertEquals(0, machine.kernel().framesInUse());
    machine.close();
  }

  private Path file(int bytes) throws IOException {
    byte[] content = new byte[bytes];
    content[bytes - 1] = 42;
    return Files.write(directory.resolve("file"), content);
  }

  private static void assertErrno(Errno errno, Runnable call) {
    assertEquals(errno, assertThrows(ErrnoException.class, call::run).errno());
  }

  @Test
  void msyncWritesEachTimeWhatWasWrittenSince() throws IOException {
    Path path = file(5000);
    int fd = process.install(machine.files().openOnDisk(path, OpenMode.O_RDWR));
    long vaddr = process.mmap(0, 2 * PAGE_SIZE, RW, MAP_SHARED, fd, 0);
    assertEquals(42, cpu.loadByte(vaddr + 4999));
    assertEquals(0, cpu.loadByte(vaddr + 5000));
    cpu.storeByte(vaddr + 10, (byte) 1);
    process.msync(vaddr, PAGE_SIZE, MS_ASYNC);
    assertEquals(0, Files.readAllBytes(path)[10]);
    process.msync(vaddr, PAGE_SIZE, MS_SYNC);
    assertEquals(1, Files.readAllBytes(path)[10]);
    cpu.storeByte(vaddr + 10, (byte) 2); // through an entry that was writable before
    process.msync(vaddr, PAGE_SIZE, MS_SYNC);
    assertEquals(2, Files.readAllBytes(path)[10]);
    cpu.storeByte(vaddr + 5001, (byte) 3); // behind the end: never stored
    process.msync(vaddr, 2 * PAGE_SIZE, MS_SYNC);
    assertEquals(5000, Files.size(path));
  }

  @Test
  void closingWritesBack() throws IOException {
    Path path = file(100);
    int fd = process.install(machine.files().openOnDisk(path, OpenMode.O_RDWR));
    assertEquals(3, process.pwrite(fd, new byte[] {1, 2, 3}, 200));
    process.ftruncate(fd, 5000);
    process.close(fd);
    byte[] stored = Files.readAllBytes(path);
    assertEquals(5000, stored.length);
    assertEquals(42, stored[99]);
    assertEquals(3, stored[202]);
  }

  @Test
  void privateWritesNeverReachTheFile() throws IOException {
    Path path = file(100);
    int fd = process.install(machine.files().openOnDisk(path, OpenMode.O_RDWR));
    long vaddr = process.mmap(0, PAGE_SIZE, RW, MAP_PRIVATE, fd, 0);
    cpu.storeByte(vaddr, (byte) 9);
    process.msync(vaddr, PAGE_SIZE, MS_SYNC);
    process.close(fd);
    process.munmap(vaddr, PAGE_SIZE);
    assertEquals(0, Files.readAllBytes(path)[0]);
  }

  @Test
  void readErrorIsSigbusAndEio() {
    FailingDisk disk = new FailingDisk();
    AddressSpace mapping = new AddressSpace(PAGE_SIZE, disk);
    int fd = process.install(machine.files().open(mapping, "/bad", OpenMode.O_RDWR));
    long vaddr = process.mmap(0, PAGE_SIZE, RW, MAP_SHARED, fd, 0);
    disk.fails = true;
    assertThrows(SigbusException.class, () -> cpu.loadByte(vaddr));
    assertThrows(SigbusException.class, () -> cpu.storeByte(vaddr, (byte) 1));
    assertErrno(Errno.EIO, () -> process.pread(fd, new byte[1], 0));
    disk.fails = false;
    assertEquals(0, cpu.loadByte(vaddr));
  }

  @Test
  void writeErrorIsReportedOnceByEachOpenFile() {
    FailingDisk disk = new FailingDisk();
    AddressSpace mapping = new AddressSpace(PAGE_SIZE, disk);
    int fd = process.install(machine.files().open(mapping, "/bad", OpenMode.O_RDWR));
    int other = process.install(machine.files().open(mapping, "/bad", OpenMode.O_RDWR));
    long vaddr = process.mmap(0, PAGE_SIZE, RW, MAP_SHARED, fd, 0);
    long again = process.mmap(0, PAGE_SIZE, RW, MAP_SHARED, other, 0);
    cpu.storeByte(vaddr, (byte) 1);
    disk.fails = true;
    assertErrno(Errno.EIO, () -> process.msync(vaddr, PAGE_SIZE, MS_SYNC));
    disk.fails = false;
    process.msync(vaddr, PAGE_SIZE, MS_SYNC);
    assertErrno(Errno.EIO, () -> process.msync(again, PAGE_SIZE, MS_SYNC));
    process.msync(again, PAGE_SIZE, MS_SYNC);
    assertEquals(0, disk.writes);
    cpu.storeByte(vaddr, (byte) 2);
    process.msync(vaddr, PAGE_SIZE, MS_SYNC);
    assertEquals(1, disk.writes);
  }

  @Test
  void errnosOfMsync() {
    long vaddr = process.mmap(0, 3 * PAGE_SIZE, RW, MAP_PRIVATE | 0x20, -1, 0);
    process.munmap(vaddr + PAGE_SIZE, PAGE_SIZE);
    assertErrno(Errno.ENOMEM, () -> process.msync(vaddr, 3 * PAGE_SIZE, MS_ASYNC));
    assertErrno(Errno.ENOMEM, () -> process.msync(vaddr, 3 * PAGE_SIZE, MS_SYNC));
    assertErrno(Errno.EINVAL, () -> process.msync(vaddr, PAGE_SIZE, MS_SYNC | MS_ASYNC));
    assertErrno(Errno.EINVAL, () -> process.msync(vaddr + 1, PAGE_SIZE, MS_SYNC));
    process.msync(vaddr, PAGE_SIZE, 0);
    process.mlock(vaddr, PAGE_SIZE);
    assertErrno(Errno.EBUSY, () -> process.msync(vaddr, PAGE_SIZE, MS_INVALIDATE));
  }

  /** Zeroes, while it works. */
  private static final class FailingDisk implements Backing {
    boolean fails;
    int writes;

    @Override
    public void readFolio(long index, long addr) throws IOException {
      fail();
      Mem.fill(addr, PAGE_SIZE, (byte) 0);
    }

    @Override
    public void writeFolio(long index, long addr, int bytes) throws IOException {
      fail();
      writes++;
    }

    private void fail() throws IOException {
      if (fails) {
        throw new IOException("this disk is broken");
      }
    }

    @Override
    public void setSize(long bytes) {}

    @Override
    public void punchHole(long start, long end) throws IOException {
      fail();
    }

    @Override
    public void sync() {}

    @Override
    public void close() {}
  }
}
