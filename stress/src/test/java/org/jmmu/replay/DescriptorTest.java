package org.jmmu.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Descriptors as {@code strace -y} prints them. */
class DescriptorTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          3</usr/lib/libc.so.6>     | 3  | /usr/lib/libc.so.6
          3</memfd:x>(deleted)      | 3  | /memfd:x (deleted)
          4<pipe:[161245]>          | 4  | pipe:[161245]
          5</a\\74b\\76\\n\\303\\244> | 5  | '/a<b>\nä'
          6                         | 6  | ''
          -1                        | -1 | ''
          """)
  void descriptor(String text, int fd, String path) {
    assertEquals(new Descriptor(fd, path.replace("\\n", "\n")), Descriptor.parse(text));
  }

  @Test
  void notADescriptor() {
    assertNull(Descriptor.parse("AT_FDCWD</home>"));
  }
}
