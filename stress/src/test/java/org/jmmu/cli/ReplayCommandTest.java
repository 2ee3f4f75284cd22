package org.jmmu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jmmu.hunt.Catalogue;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** The command {@code replay}: what it says of good logs, of wrong ones and of bad ones. */
class ReplayCommandTest {
  private static final String EXEC = "7  execve(\"/a\", [\"a\"], 0x5 /* 6 vars */) = 0\n";
  private static final String EXIT = "7  exit_group(0)  = ?\n7  +++ exited with 0 +++\n";
  private static final String START =
      """
      00600000-00601000 rw-p 00000000 00:00 0\s
      7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0                          [stack]
      ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
      """;
  private static final String MAPPED = "7ffff7ffe000-7ffff7fff000 rw-p 00000000 00:00 0 \n";
  private static final String MMAP =
      "7  mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ";

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir private Path dir;
  private Path trace = Path.of("");
  private Path start = Path.of("");
  private Path expect = Path.of("");

  @BeforeEach
  void write() throws IOException {
    trace = dir.resolve("x.strace");
    start = dir.resolve("start.maps");
    expect = dir.resolve("end.maps");
    Files.writeString(start, START);
    Files.writeString(expect, START);
    log("");
  }

  private void log(String calls) throws IOException {
    Files.writeString(trace, EXEC + calls + EXIT);
  }

  private void expectMapped() throws IOException {
    Files.writeString(expect, START.replaceFirst("(?=7fff)", MAPPED));
  }

  private int replay(String... options) {
    CommandLine command =
        Jmmu.commandLine(
            new Catalogue(List.of()),
            (targets, time, listener) -> {
              throw new AssertionError("nobody hunts here");
            });
    command.setOut(new PrintWriter(out, true));
    command.setErr(new PrintWriter(err, true));
    List<String> args =
        new ArrayList<>(
            List.of(
                "replay",
                trace.toString(),
                "--start",
                start.toString(),
                "--expect",
                expect.toString()));
    args.addAll(List.of(options));
    return command.execute(args.toArray(String[]::new));
  }

  private void assertBad(String message) {
    assertEquals(2, replay());
    assertEquals("jmmu replay: " + message.replace("DIR", dir.toString()) + "\n", err.toString());
    assertEquals("", out.toString());
  }

  @Test
  void equal() throws IOException {
    assertEquals(0, replay());
    assertEquals("3 of 3 lines equal\n", out.toString());
  }

  @Test
  void addressIsImposed() throws IOException {
    log(MMAP + "0x500000000000\n");
    Files.writeString(
        expect,
        START.replaceFirst("(?=7fff)", "500000000000-500000001000 rw-p 00000000 00:00 0 \n"));
    assertEquals(0, replay());
    assertEquals("4 of 4 lines equal\n", out.toString());
  }

  @Test
  void differentMaps() throws IOException {
    expectMapped();
    assertEquals(1, replay());
    assertEquals("-7ffff7ffe000-7ffff7fff000 rw-p 00000000\n3 of 4 lines equal\n", out.toString());
  }

  @Test
  void addressIsChosen() throws IOException {
    log(MMAP + "0x7ffff7ffe000\n");
    expectMapped();
    assertEquals(0, replay("--place"));
    assertEquals("1 of 1 addresses equal\n4 of 4 lines equal\n", out.toString());
  }

  @Test
  void addressIsChosenOtherwise() throws IOException {
    log(MMAP + "0x7ffff7ffd000\n");
    expectMapped();
    assertEquals(1, replay("--place"));
    assertEquals(
        """
        line 2: mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0): \
        0x7ffff7ffd000 in the log, 0x7ffff7ffe000 here
        +7ffff7ffd000-7ffff7ffe000 rw-p 00000000
        -7ffff7ffe000-7ffff7fff000 rw-p 00000000
        0 of 1 addresses equal
        3 of 4 lines equal
        """,
        out.toString());
  }

  @Test
  void otherResult() throws IOException {
    log("7  munmap(0x1000, 4096) = -1 EINVAL (Invalid argument)\n");
    assertEquals(1, replay());
    assertEquals(
        "line 2: munmap(0x1000, 4096): EINVAL in the log, success here\n3 of 3 lines equal\n",
        out.toString());
  }

  @Test
  void unknownCallsAreNamed() throws IOException {
    log("7  mseal(0x1000, 4096) = 0\n7  mseal(0x2000, 1) = 0\n7  getpid() = 7\n");
    assertEquals(0, replay());
    assertEquals("not replayed: mseal (2)\n3 of 3 lines equal\n", out.toString());
  }

  @Test
  void callsOfChildrenAreTheirs() throws IOException {
    log("7  fork() = 8\n8  munmap(0x600000, 4096) = 0\n8  +++ exited with 0 +++\n");
    assertEquals(0, replay());
  }

  @Test
  void callsOfThreadsAreTheProcesss() throws IOException {
    log(
        """
        7  clone3({flags=CLONE_VM|CLONE_THREAD} <unfinished ...>
        8  munmap(0x600000, 4096) = 0
        7  <... clone3 resumed>, 88) = 8
        """);
    assertEquals(1, replay());
    assertEquals("-00600000-00601000 rw-p 00000000\n2 of 3 lines equal\n", out.toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          x.strace   | nonsense     | DIR/x.strace:1: not a line of strace -f -y -o: 'nonsense'
          x.strace   | ''           | DIR/x.strace: empty, where the output of strace -f -y is expected
          start.maps | nonsense     | DIR/start.maps:1: not a line of /proc/PID/maps: 'nonsense'
          end.maps   | ''           | DIR/end.maps: empty, where /proc/PID/maps is expected
          """)
  void badFile(String file, String content, String message) throws IOException {
    Files.writeString(dir.resolve(file), content);
    assertBad(message);
  }

  @Test
  void truncatedLog() throws IOException {
    Files.writeString(trace, EXEC + "7  mmap(NULL, 40");
    assertBad("DIR/x.strace:2: not a whole call: 'mmap(NULL, 40'");
  }

  @Test
  void logWithoutEnd() throws IOException {
    Files.writeString(trace, EXEC);
    assertBad("DIR/x.strace:1: ends before process 7 has");
  }

  @Test
  void secondProgram() throws IOException {
    log("7  execve(\"/b\", [\"b\"], 0x5) = 0\n");
    assertBad(
        "DIR/x.strace:2: process 7 runs a second program, whose first maps are not known: cannot"
            + " be replayed");
  }

  @Test
  void notText() throws IOException {
    Files.write(trace, new byte[] {(byte) 0xff, 0, (byte) 0xfe});
    assertBad("DIR/x.strace: not a text file");
  }

  @Test
  void missingFile() throws IOException {
    Files.delete(expect);
    assertBad("cannot read DIR/end.maps: no such file");
  }

  @Test
  void json() throws IOException {
    Path json = dir.resolve("r.json");
    assertEquals(0, replay("--json", json.toString()));
    String text = Files.readString(json);
    assertTrue(text.contains("\"linesEqual\" : 3"), text);
  }
}
