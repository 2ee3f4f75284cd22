package org.jmmu.sys;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jmmu.filemap.MemoryBacking;
import org.jmmu.mm.Mman;
import org.jmmu.swap.SwapHeader;
import org.jmmu.swap.SwapInfo;
import org.jmmu.swap.SwapPte;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which files and devices can be swap areas. */
class SwaponTest extends WithProcess {
  private static final Path MKSWAP = Path.of("/usr/sbin/mkswap");
  private static final int PAGES = 16;

  @TempDir Path directory;

  private Path file(byte[] header, int nrPages) throws IOException {
    byte[] bytes = Arrays.copyOf(header, nrPages * (int) PAGE_SIZE);
    return Files.write(directory.resolve("swap"), bytes);
  }

  private String refused(Errno errno, Path file) {
    ErrnoException e = assertThrows(ErrnoException.class, () -> machine.swapon(file));
    assertEquals(errno, e.errno());
    return String.valueOf(e.getMessage());
  }

  private static SwapHeader header(Integer... bad) {
    return new SwapHeader(PAGES - 1, List.of(bad), new UUID(1, 2), "test");
  }

  /** Ten pages go out to the area and come back. */
  private void isUsed(SwapInfo area) {
    map(0, 10, RW);
    for (int page = 0; page < 10; page++) {
      store(page, 100 + page);
    }
    process.madvise(BASE, 10 * PAGE_SIZE, Mman.MADV_PAGEOUT);
    assertEquals(10, area.inUsePages());
    for (int page = 0; page < 10; page++) {
      assertEquals(100 + page, load(page));
    }
    machine.swapoff(area);
    assertEquals(0, area.inUsePages());
    for (int page = 0; page < 10; page++) {
      assertEquals(100 + page, load(page));
    }
  }

  @Test
  void fileOnDisk() throws IOException {
    SwapInfo area = machine.swapon(file(header().toPage(), PAGES));
    assertEquals("test", area.label());
    assertEquals(new UUID(1, 2), area.uuid());
    assertEquals(PAGES - 1, area.pages());
    isUsed(area);
  }

  @Test
  void memory() {
    isUsed(machine.swaponMemory(PAGES));
  }

  @Test
  void badPagesOfADeviceAreNotUsed() throws IOException {
    byte[] bytes = Arrays.copyOf(header(2, 5, 6).toPage(), PAGES * (int) PAGE_SIZE);
    MemoryBacking device = new MemoryBacking(bytes);
    SwapInfo area = machine.swapon(device, bytes.length);
    assertEquals(PAGES - 4, area.pages());
    isUsed(area);
    byte[] after = device.content();
    for (int bad : new int[] {2, 5, 6}) {
      for (int i = 0; i < PAGE_SIZE; i++) {
        assertEquals(0, after[bad * (int) PAGE_SIZE + i]);
      }
    }
    String why = refused(Errno.EINVAL, file(header(2).toPage(), PAGES));
    assertTrue(why.contains("bad pages"), why);
  }

  @Test
  void areaMadeByMkswap() throws Exception {
    assumeTrue(Files.isExecutable(MKSWAP), "there is no mkswap here");
    Path path = file(new byte[0], 32);
    String uuid = "01234567-89ab-cdef-0123-456789abcdef";
    mkswap("-L", "hello", "-U", uuid, path.toString());
    SwapInfo area = machine.swapon(path);
    assertEquals("hello", area.label());
    assertEquals(UUID.fromString(uuid), area.uuid());
    assertEquals(31, area.pages());
    isUsed(area);
  }

  @Test
  void areaMadeByMkswapForLargerPagesIsRefused() throws Exception {
    assumeTrue(Files.isExecutable(MKSWAP), "there is no mkswap here");
    Path path = file(new byte[0], 64);
    mkswap("-p", "8192", path.toString());
    String why = refused(Errno.EINVAL, path);
    assertTrue(why.contains("8192"), why);
  }

  private static void mkswap(String... arguments) throws Exception {
    String[] command = new String[arguments.length + 1];
    command[0] = MKSWAP.toString();
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    java.lang.Process run =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertTrue(run.waitFor(1, TimeUnit.MINUTES));
    assertEquals(0, run.exitValue());
  }

  @Test
  void whatIsNoAreaIsRefused() throws IOException {
    String why = refused(Errno.EINVAL, file(new byte[0], PAGES));
    assertTrue(why.contains("no signature"), why);
    byte[] old = header().toPage();
    System.arraycopy("SWAP-SPACE".getBytes(US_ASCII), 0, old, 4086, 10);
    why = refused(Errno.EINVAL, file(old, PAGES));
    assertTrue(why.contains("no signature"), why);
    why = refused(Errno.EINVAL, file(header().toPage(), PAGES - 1));
    assertTrue(why.contains("shorter"), why);
    refused(Errno.ENOENT, directory.resolve("nothing"));
    byte[] version = header().toPage();
    version[1024] = 2;
    why = refused(Errno.EINVAL, file(version, PAGES));
    assertTrue(why.contains("version 2"), why);
  }

  @Test
  void areasAreFilledInTheirOrderAndThereAreTwentyFour() {
    SwapInfo first = machine.swaponMemory(2);
    SwapInfo second = machine.swaponMemory(8);
    map(0, 6, RW);
    for (int page = 0; page < 6; page++) {
      store(page, page);
    }
    process.madvise(BASE, 6 * PAGE_SIZE, Mman.MADV_PAGEOUT);
    assertEquals(2, first.inUsePages());
    assertEquals(4, second.inUsePages());
    for (int more = 2; more < SwapPte.MAX_SWAPFILES; more++) {
      machine.swaponMemory(1);
    }
    assertErrno(Errno.EPERM, () -> machine.swaponMemory(1));
    machine.swapoff(first);
    assertErrno(Errno.EINVAL, () -> machine.swapoff(first));
    assertEquals(0, machine.swaponMemory(1).type());
    for (int page = 0; page < 6; page++) {
      assertEquals(page, load(page));
    }
  }

  @Test
  void oneDeviceIsOneArea() {
    byte[] bytes = Arrays.copyOf(header().toPage(), PAGES * (int) PAGE_SIZE);
    MemoryBacking device = new MemoryBacking(bytes);
    SwapInfo area = machine.swapon(device, bytes.length);
    assertErrno(Errno.EBUSY, () -> machine.swapon(device, bytes.length));
    machine.swapoff(area);
    machine.swapon(device, bytes.length);
  }
}
