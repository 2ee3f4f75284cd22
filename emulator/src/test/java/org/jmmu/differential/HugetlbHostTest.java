package org.jmmu.differential;

import static org.jmmu.mm.Mman.FALLOC_FL_KEEP_SIZE;
import static org.jmmu.mm.Mman.FALLOC_FL_PUNCH_HOLE;
import static org.jmmu.mm.Mman.FALLOC_FL_ZERO_RANGE;
import static org.jmmu.mm.Mman.MADV_COLD;
import static org.jmmu.mm.Mman.MADV_DONTFORK;
import static org.jmmu.mm.Mman.MADV_DONTNEED;
import static org.jmmu.mm.Mman.MADV_FREE;
import static org.jmmu.mm.Mman.MADV_MERGEABLE;
import static org.jmmu.mm.Mman.MADV_POPULATE_WRITE;
import static org.jmmu.mm.Mman.MADV_REMOVE;
import static org.jmmu.mm.Mman.MADV_WILLNEED;
import static org.jmmu.mm.Mman.MADV_WIPEONFORK;
import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_HUGETLB;
import static org.jmmu.mm.Mman.MAP_NORESERVE;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.MAP_SHARED;
import static org.jmmu.mm.Mman.MFD_HUGETLB;
import static org.jmmu.mm.Mman.MREMAP_FIXED;
import static org.jmmu.mm.Mman.MREMAP_MAYMOVE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jmmu.hugetlb.HugePageCounts;
import org.jmmu.sys.Machine;
import org.jmmu.sys.MachineConfig;
import org.jmmu.sys.Process;
import org.jmmu.types.ErrnoException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Errors and counters of calls about huge pages, beside the host's. With a pool that is empty, as
 * it is on most hosts, only the errors tell something.
 */
class HugetlbHostTest {
  private static final long HUGE = 2L << 20;
  private static final long BASE = 0x2000_0000_0000L;
  private static final int RW = PROT_READ | PROT_WRITE;
  private static final int ANON = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB;
  private static final int NEEDED = 4;
  private static final int MOST = 64;

  @TempDir Path directory;

  private final List<String> lines = new ArrayList<>();

  @Test
  void callsEndAsOnTheHost() throws IOException, InterruptedException {
    compare(host());
  }

  @Test
  void theHostHasHugePagesToCompareWith() throws IOException, InterruptedException {
    List<String> host = host();
    assumeTrue(
        total(host) >= NEEDED,
        "the host has no pool of huge pages, so that only errors were compared;"
            + " to compare the rest: sysctl vm.nr_hugepages=8 vm.nr_overcommit_hugepages=0");
    compare(host);
  }

  private void compare(List<String> host) {
    int pages = total(host);
    assumeTrue(
        pages <= MOST && host.getFirst().endsWith(" " + pages + " 0 0"),
        "the host's huge pages are in use: " + host.getFirst());
    try (Machine machine =
        Machine.boot(MachineConfig.small().withFrames(512 * (pages + 2)).withHugePages(pages))) {
      Process process = machine.spawn();
      makeCalls(machine, process);
      machine.check();
      process.exit();
    }
    assertEquals(String.join("\n", host), String.join("\n", lines));
  }

  private static int total(List<String> host) {
    return Integer.parseInt(host.getFirst().split(" ", -1)[1]);
  }

  private List<String> host() throws IOException, InterruptedException {
    String system = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    assumeTrue(system.equals("Linux amd64"), "the host is not Linux on x86-64");
    String release = System.getProperty("os.version");
    assumeTrue(release.startsWith("6.18"), "the host's kernel is not Linux 6.18, but " + release);
    Path source = directory.resolve("hugetlb.c");
    try (InputStream in =
        Objects.requireNonNull(HugetlbHostTest.class.getResourceAsStream("hugetlb.c"))) {
      Files.copy(in, source);
    }
    Path program = directory.resolve("hugetlb");
    assumeTrue(run("gcc", "-o", program.toString(), source.toString()) != null, "there is no gcc");
    List<String> output = run(program.toString());
    return Objects.requireNonNull(output, "the program cannot be run");
  }

  private static @Nullable List<String> run(String... command) throws InterruptedException {
    try {
      java.lang.Process child =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      byte[] output = child.getInputStream().readAllBytes();
      assertEquals(0, child.waitFor(), () -> String.join(" ", command));
      return new String(output, StandardCharsets.UTF_8).lines().toList();
    } catch (IOException e) {
      return null;
    }
  }

  private void makeCalls(Machine machine, Process process) {
    Calls calls = new Calls(machine, process);
    calls.report(() -> {});
    calls.map(0, 0, HUGE, ANON, -1);
    calls.map(8, 0, 3 * HUGE, ANON, -1);
    calls.map(16, 0, 4 * HUGE, ANON | MAP_NORESERVE, -1);
    calls.map(24, 0, 4096, ANON | MAP_NORESERVE, -1);
    calls.map(32, 4096, HUGE, ANON | MAP_NORESERVE, -1);
    calls.map(32, 0, 0, ANON | MAP_NORESERVE, -1);
    calls.map(32, 0, HUGE, ANON | MAP_NORESERVE | 16 << 26, -1);
    calls.report(() -> process.mmap(BASE + 4096, HUGE, RW, ANON | MAP_NORESERVE | MAP_FIXED));
    calls.advise(16, 0, 2 * HUGE, MADV_POPULATE_WRITE);
    calls.advise(16, 4096, HUGE, MADV_DONTNEED);
    calls.advise(16, 0, 4096, MADV_DONTNEED);
    calls.advise(16, 0, HUGE, MADV_DONTNEED);
    calls.advise(16, 0, HUGE, MADV_FREE);
    calls.advise(16, 0, HUGE, MADV_COLD);
    calls.advise(16, 0, HUGE, MADV_WILLNEED);
    calls.advise(16, 0, HUGE, MADV_REMOVE);
    calls.advise(16, 0, HUGE, MADV_MERGEABLE);
    calls.advise(16, 0, 4096, MADV_DONTFORK);
    calls.advise(16, 0, HUGE, MADV_WIPEONFORK);
    calls.advise(8, 0, HUGE, MADV_POPULATE_WRITE);
    calls.advise(8, 0, HUGE, MADV_DONTNEED);
    calls.report(() -> process.mprotect(BASE + 16 * HUGE, 4096, PROT_READ));
    calls.report(() -> process.mprotect(BASE + 16 * HUGE, HUGE, PROT_READ));
    calls.report(() -> process.mlock(BASE + 19 * HUGE, HUGE));
    calls.report(() -> process.munmap(BASE + 16 * HUGE + 4096, HUGE));
    calls.report(() -> process.munmap(BASE + 16 * HUGE, 4096));
    calls.move(17, 0, HUGE, 2 * HUGE, -1);
    calls.move(17, 4096, HUGE, HUGE, -1);
    calls.move(17, 0, HUGE, HUGE, 40);
    calls.move(18, 0, 2 * HUGE, HUGE, -1);
    calls.report(() -> process.munmap(BASE, 64 * HUGE));
    int[] made = {-1};
    calls.report(() -> made[0] = process.memfdCreate("h", MFD_HUGETLB));
    int fd = made[0];
    calls.report(() -> process.memfdCreate("h", MFD_HUGETLB | 16 << 26));
    calls.report(() -> process.ftruncate(fd, 4096));
    calls.report(() -> process.ftruncate(fd, 4 * HUGE));
    calls.report(() -> process.fallocate(fd, 0, 0, HUGE));
    calls.map(0, 0, 2 * HUGE, MAP_SHARED, fd);
    calls.map(8, 4096, 2 * HUGE, MAP_SHARED | MAP_NORESERVE, fd);
    calls.map(8, 0, 2 * HUGE, MAP_SHARED | MAP_NORESERVE, fd);
    calls.map(16, 0, HUGE, MAP_PRIVATE, fd);
    calls.advise(8, 0, 2 * HUGE, MADV_POPULATE_WRITE);
    int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    calls.report(() -> process.fallocate(fd, punch, 4096, 4096));
    calls.report(() -> process.fallocate(fd, punch, 0, HUGE + 4096));
    calls.report(() -> process.fallocate(fd, FALLOC_FL_ZERO_RANGE, 0, HUGE));
    calls.report(() -> process.pwrite(fd, new byte[1], 0));
    calls.report(() -> process.ftruncate(fd, HUGE));
    calls.report(() -> process.munmap(BASE, 64 * HUGE));
    process.close(fd);
    calls.report(() -> {});
  }

  private final class Calls {
    private final Machine machine;
    private final Process process;

    Calls(Machine machine, Process process) {
      this.machine = machine;
      this.process = process;
    }

    void report(Runnable call) {
      String error = "-";
      try {
        call.run();
      } catch (ErrnoException e) {
        error = e.errno().name();
      }
      HugePageCounts counts = machine.hugePages();
      lines.add(
          "%s %d %d %d %d"
              .formatted(error, counts.total(), counts.free(), counts.rsvd(), counts.surp()));
    }

    void map(long page, long offset, long length, int flags, int fd) {
      report(() -> process.mmap(BASE + page * HUGE, length, RW, flags | MAP_FIXED, fd, offset));
    }

    void advise(long page, long offset, long length, int advice) {
      report(() -> process.madvise(BASE + page * HUGE + offset, length, advice));
    }

    void move(long page, long offset, long from, long to, long target) {
      int flags = target < 0 ? MREMAP_MAYMOVE : MREMAP_MAYMOVE | MREMAP_FIXED;
      long vaddr = BASE + page * HUGE + offset;
      report(() -> process.mremap(vaddr, from, to, flags, BASE + target * HUGE));
    }
  }
}
