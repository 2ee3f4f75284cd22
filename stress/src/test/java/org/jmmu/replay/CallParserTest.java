package org.jmmu.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One call as strace prints it. */
class CallParserTest {
  private static SystemCall parse(String text) {
    SystemCall call = CallParser.parse(text);
    assertNotNull(call);
    return call;
  }

  @Test
  void arguments() {
    SystemCall call =
        parse("mmap(0x7000, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE, 3</a, b>, 0x1000) = 0x7000");
    assertEquals("mmap", call.name());
    assertEquals(
        List.of("0x7000", "4096", "PROT_READ|PROT_WRITE", "MAP_PRIVATE", "3</a, b>", "0x1000"),
        call.args());
    assertEquals("0x7000", call.result());
    assertTrue(call.succeeded());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '@',
      textBlock =
          """
          openat(AT_FDCWD</h>, "a, \\"b) = 1", O_RDONLY) = 3</a> @ 3
          execve("/a", ["a", "(b"], 0x5f /* 6 vars */) = 0       @ 3
          clone3({flags=CLONE_VM|SIGCHLD, tls=1} => {p=[2]}, 88) = 7 @ 2
          mmap(NULL, 1, 0, 21<<MAP_HUGE_SHIFT, -1, 0) = 0x1      @ 6
          close(3<TCP:[1.2.3.4:5->6.7.8.9:10]>) = 0              @ 1
          dup(0</dev/null<char 1:3>>) = 3                        @ 1
          close(3</odd\\76, name>) = 0                           @ 1
          vfork()                 = 7781                         @ 0
          """)
  void argumentsThatContainSeparators(String text, int nrArgs) {
    assertEquals(nrArgs, parse(text).args().size());
  }

  @Test
  void failure() {
    SystemCall call = parse("munmap(0x1, 2) = -1 EINVAL (Invalid argument)");
    assertFalse(call.succeeded());
    assertEquals("EINVAL", call.errno());
  }

  @Test
  void noReturn() {
    SystemCall call = parse("exit_group(0)                     = ?");
    assertFalse(call.hasResult());
    assertFalse(call.succeeded());
  }

  @Test
  void flagsOfResultAreNotPartOfIt() {
    assertEquals(1, Values.leadingNumber(parse("fcntl(3, F_GETFD) = 0x1 (flags F)").result()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "mmap", "mmap(", "mmap(1, 2", "mmap(1, 2)", "mmap(1, 2) =", "(1) = 2", "\"("})
  void notACall(String text) {
    assertNull(CallParser.parse(text));
  }
}
