package org.jmmu.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whole logs: what happened in which order, and to whom. */
class StraceReaderTest {
  private static final String EXEC = "7  execve(\"/a\", [\"a\"], 0x5 /* 6 vars */) = 0\n";
  private static final String EXIT = "7  exit_group(0)  = ?\n7  +++ exited with 0 +++\n";

  private static List<String> events(String log) throws BadInputException {
    return StraceReader.read("x.strace", log.lines().toList()).stream()
        .map(StraceReaderTest::text)
        .toList();
  }

  private static String text(TraceEvent event) {
    int pid = event.task().pid;
    return switch (event) {
      case TraceEvent.Call call -> pid + " " + call.call().name() + " @" + call.line();
      case TraceEvent.Born born ->
          pid + " makes " + born.child().pid + (born.how().sharesMm() ? " sharing" : "");
      case TraceEvent.Died _ -> pid + " dies";
    };
  }

  @Test
  void aCallCountsWhenItReturns() throws BadInputException {
    assertEquals(
        List.of("7 execve @1", "8 brk @3", "7 mmap @2", "7 exit_group @5", "7 dies"),
        events(
            EXEC
                + "7  mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0 <unfinished"
                + " ...>\n"
                + "8  brk(NULL) = 0x1000\n"
                + "7  <... mmap resumed>) = 0x7000\n"
                + EXIT));
  }

  @Test
  void memoryIsFreeFromTheStartOfMunmap() throws BadInputException {
    assertEquals(
        List.of("7 execve @1", "7 munmap @2", "8 mmap @3", "7 exit_group @5", "7 dies"),
        events(
            EXEC
                + "7  munmap(0x7000, 4096 <unfinished ...>\n"
                + "8  mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7000\n"
                + "7  <... munmap resumed>)  = 0\n"
                + EXIT));
  }

  @Test
  void aThreadRunsBeforeItsParentsCloneReturns() throws BadInputException {
    assertEquals(
        List.of(
            "7 execve @1", "7 makes 9 sharing", "9 brk @3", "9 dies", "7 exit_group @6", "7 dies"),
        events(
            EXEC
                + "7  clone3({flags=CLONE_VM|CLONE_FILES|CLONE_THREAD, stack=0x7000} <unfinished"
                + " ...>\n"
                + "9  brk(NULL) = 0x1000\n"
                + "9  +++ exited with 0 +++\n"
                + "7  <... clone3 resumed> => {parent_tid=[9]}, 88) = 9\n"
                + EXIT));
  }

  @Test
  void forkAndVfork() throws BadInputException {
    assertEquals(
        List.of(
            "7 execve @1", "7 makes 8", "8 dies", "7 makes 9 sharing", "7 exit_group @6", "7 dies"),
        events(
            EXEC
                + "7  clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD) = 8\n"
                + "8  +++ killed by SIGKILL +++\n"
                + "7  --- SIGCHLD {si_signo=SIGCHLD, si_pid=8} ---\n"
                + "7  vfork()  = 9\n"
                + EXIT));
  }

  @Test
  void aNumberIsUsedAgain() throws BadInputException {
    List<TraceEvent> events =
        StraceReader.read(
            "x.strace",
            (EXEC
                    + "7  vfork() = 8\n"
                    + "8  +++ exited with 0 +++\n"
                    + "7  vfork() = 8\n"
                    + "8  +++ exited with 0 +++\n"
                    + EXIT)
                .lines()
                .toList());
    assertEquals(
        2, events.stream().filter(e -> e.task().pid == 8).map(TraceEvent::task).distinct().count());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ''                         | x.strace: empty, where the output of strace -f -y is expected
          hello                      | x.strace:1: not a line of strace -f -y -o: 'hello'
          7  brk(NULL) = 0           | x.strace:1: a log starts with the execve of its program, not with '7  brk(NULL) = 0'
          E                          | x.strace:1: ends before process 7 has
          E7  mmap(NULL, 40          | x.strace:2: not a whole call: 'mmap(NULL, 40'
          E7  <... mmap resumed>) = 0 | x.strace:2: mmap resumes that never started
          """)
  void bad(String log, String message) {
    BadInputException e =
        assertThrows(BadInputException.class, () -> events(log.replace("E", EXEC)));
    assertEquals(message, e.getMessage());
  }
}
