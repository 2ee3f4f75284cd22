package org.jmmu.sys;

import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_SHARED;
import static org.jmmu.mm.Mman.MS_SYNC;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jmmu.filemap.OpenMode;
import org.jmmu.pgtable.Pte;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is stored to a page while the page is written to the disk is written the next time. */
class StoreAgainstMsyncTest extends SteppedProcess {
  @TempDir Path directory;

  private Path path;

  /** Page 0 maps a file on disk. */
  @BeforeEach
  void mapFile() throws IOException {
    path = Files.write(directory.resolve("file"), new byte[(int) PAGE_SIZE]);
    int fd = process.install(machine.files().openOnDisk(path, OpenMode.O_RDWR));
    long _ = process.mmap(at(0), PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
    process.close(fd);
  }

  private void msync() {
    process.msync(at(0), PAGE_SIZE, MS_SYNC);
  }

  private void assertOnDisk(long expected) {
    try {
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path));
      assertEquals(expected, bytes.order(ByteOrder.LITTLE_ENDIAN).getLong(0));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * <pre>
   *   F                          C
   *                              page locked, its entry read-only and clean
   *   store: faults,
   *   waits for the page
   *                              page clean, written to the disk
   *   page dirty, entry writable
   * </pre>
   *
   * Were the entry left writable, the store would come to the disk half-way, and without a fault.
   */
  @Test
  void aStoreWaitsForThePageToBeWritten() {
    store(0, 1);
    storeOther(0, 2); // this CPU, too, has a writable translation now
    step(
        "C:writeback.cleaned F:end C:end F:end",
        () -> storeOther(0, 3),
        () -> {
          msync();
          assertOnDisk(2);
        });
    assertEquals(3, load(0));
    msync();
    assertOnDisk(3);
  }

  /**
   * <pre>
   *   F                          C
   *   store: read-only entry
   *                              page locked, cleaned, written to the disk
   *   page locked, dirty, entry writable
   * </pre>
   */
  @Test
  void aStoreThatWasAboutToComeIsWrittenTheNextTime() {
    store(0, 1);
    msync();
    store(0, 2);
    msync();
    step(
        "F:wpPageShared.begin C:end F:end",
        () -> storeOther(0, 3),
        () -> {
          msync();
          assertOnDisk(2);
        });
    msync();
    assertOnDisk(3);
  }

  @Test
  void everyMsyncTakesWriteAccessAway() {
    PageProbe probe = new PageProbe(machine);
    for (long i = 1; i <= 3; i++) {
      store(0, i);
      assertTrue(Pte.isWrite(probe.pteVal(process, at(0))));
      msync();
      assertOnDisk(i);
      assertFalse(Pte.isWrite(probe.pteVal(process, at(0))));
      assertFalse(Pte.isDirty(probe.pteVal(process, at(0))));
    }
  }
}
