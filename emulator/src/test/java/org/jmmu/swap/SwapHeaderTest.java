package org.jmmu.swap;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.junit.jupiter.api.Test;

/** The format, byte by byte, without the code that writes it. */
class SwapHeaderTest {
  private static final UUID ID = UUID.fromString("01234567-89ab-cdef-0123-456789abcdef");

  /** What mkswap -L hello makes of a file of 32 pages. */
  private static byte[] page(ByteOrder order, int version, int lastPage, int... bad) {
    ByteBuffer page = ByteBuffer.allocate(4096).order(order);
    page.putInt(1024, version).putInt(1028, lastPage).putInt(1032, bad.length);
    page.put(1036, HexFormat.of().parseHex("0123456789abcdef0123456789abcdef"));
    page.put(1052, "hello".getBytes(US_ASCII));
    for (int i = 0; i < bad.length; i++) {
      page.putInt(1536 + 4 * i, bad[i]);
    }
    page.put(4086, "SWAPSPACE2".getBytes(US_ASCII));
    return page.array();
  }

  private static byte[] page(int version, int lastPage, int... bad) {
    return page(ByteOrder.LITTLE_ENDIAN, version, lastPage, bad);
  }

  private static String refused(byte[] page) {
    ErrnoException e = assertThrows(ErrnoException.class, () -> SwapHeader.parse(page));
    assertEquals(Errno.EINVAL, e.errno());
    return String.valueOf(e.getMessage());
  }

  @Test
  void fieldsAreRead() {
    byte[] page = page(1, 31, 4, 9);
    assertTrue(SwapHeader.hasSignature(page));
    SwapHeader header = SwapHeader.parse(page);
    assertEquals(new SwapHeader(31, List.of(4, 9), ID, "hello"), header);
    assertArrayEquals(page, header.toPage());
  }

  @Test
  void areaOfAMachineOfTheOtherByteOrderIsRead() {
    SwapHeader header = SwapHeader.parse(page(ByteOrder.BIG_ENDIAN, 1, 31, 4));
    assertEquals(new SwapHeader(31, List.of(4), ID, "hello"), header);
  }

  @Test
  void labelMayFillItsField() {
    byte[] page = page(1, 31);
    System.arraycopy("0123456789abcdef".getBytes(US_ASCII), 0, page, 1052, 16);
    assertEquals("0123456789abcdef", SwapHeader.parse(page).label());
  }

  @Test
  void nonsenseIsRefusedWithItsReason() {
    assertTrue(refused(page(0, 31)).contains("version 0"));
    assertTrue(refused(page(2, 31)).contains("version 2"));
    assertTrue(refused(page(1, 0)).contains("no page"));
    assertTrue(refused(page(1, 1, 1)).contains("no page"));
    assertTrue(refused(page(1, 31, 32)).contains("bad page 32"));
    assertTrue(refused(page(1, 31, 0)).contains("bad page 0"));
    byte[] tooMany = page(1, 31);
    ByteBuffer.wrap(tooMany).order(ByteOrder.LITTLE_ENDIAN).putInt(1032, 638);
    assertTrue(refused(tooMany).contains("638 bad pages"));
  }
}
