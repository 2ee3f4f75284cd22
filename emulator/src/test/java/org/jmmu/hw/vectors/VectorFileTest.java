package org.jmmu.hw.vectors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reading of vector files, in particular of bad ones. */
class VectorFileTest {
  private static final String ROW =
      "108119,A7,4K+4K,X,6,cd30cb5fff,3,cb,0,0,210027:211007:212047:4042a067/40066067,"
          + "0,-,-,0:20:20:0/0,-,4042afff+40066000,BQ";

  private static VectorFile open(String text) throws IOException {
    return VectorFile.open(
        "some.csv", new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII)));
  }

  @Test
  void readsRowsUntilTheEnd() throws IOException {
    try (VectorFile file = open(VectorFile.HEADER + "\n" + ROW + "\n" + ROW + "\n")) {
      PagingVector vector = file.next();
      assertNotNull(vector);
      assertEquals(108119, vector.id());
      assertEquals(7, vector.bytes(), "a crossing fetch has a prefix byte in the first page");
      assertEquals(0xcd30cb5fffL, vector.vaddr());
      assertEquals(0xcd30cb6000L, vector.secondPage());
      assertArrayEquals(new long[] {0x40066067}, vector.walks()[1]);
      assertArrayEquals(new long[] {0, 0x20, 0x20, 0}, vector.outcome().changed()[0]);
      assertArrayEquals(new long[] {0x4042afff, 0x40066000}, vector.outcome().paddrs());
      assertNotNull(file.next());
      assertNull(file.next());
    }
  }

  @Test
  void gzipIsRecognisedByContent() throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write((VectorFile.HEADER + "\n" + ROW + "\n").getBytes(StandardCharsets.US_ASCII));
    }
    byte[] bytes = packed.toByteArray();
    try (VectorFile file = VectorFile.open("some.csv", new ByteArrayInputStream(bytes))) {
      assertNotNull(file.next());
      assertNull(file.next());
      assertEquals(bytes.length, file.position());
    }
  }

  @Test
  void emptyFileAndWrongHeaderAreMalformed() {
    for (String text : new String[] {"", "\n", "id,grp\n"}) {
      IOException e = assertThrows(MalformedVectorException.class, () -> open(text));
      assertTrue(e.toString().contains("some.csv:1: expected the header id,"), e.toString());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          108119,|x,|id, a decimal number
          4K+4K|4K+8K|leaf 4K, 2M, 1G
          4K+4K|4K+4K+4K|leaf 4K, 2M, 1G
          4K+4K|4K|entries for 1 walk(s)
          ,X,|,E,|kind R, W or X
          ,X,6|,X,5|size 6 for a fetch
          ,X,6|,R,9|size, a decimal number from 1 to 8
          cd30cb5fff|cd30zz5fff|va, 64 bits
          5fff,3|5fff,1|cpl 0 or 3
          3,cb|3,1cb|ctl, a hexadecimal number from 0 to ff
          cb,0,0|cb,1000,0|cr3lo, a hexadecimal number from 0 to fff
          cb,0,0|cb,0,123456789|pkru, a hexadecimal number from 0 to ffffffff
          210027:|21002g:|entries, 64 bits
          210027:||4 entries in walk 1
          ,0,-,-|,7,-,-|vec 0, 13 or 14
          ,0,-,-|,0,1,-|err -
          ,0,-,-|,14,-,=|err, a hexadecimal number
          ,0,-,-|,0,-,=|cr2 -
          ,0,-,-|,14,4,-|cr2 = or an address
          0:20:20:0/0|0:20:20/0|adxor 0 or in the shape
          4042afff+40066000|-|2 physical address(es)
          ,0,-,-|,13,0,-|pa - with an exception
          BQ|BZ|engines
          ,BQ|''|18 columns, found 17 columns
          """)
  void malformedRowSaysWhereAndWhatWasExpected(String good, String bad, String expected)
      throws IOException {
    String row = ROW.replace(good, bad == null ? "" : bad);
    try (VectorFile file = open(VectorFile.HEADER + "\n" + ROW + "\n" + row + "\n")) {
      assertNotNull(file.next());
      IOException e = assertThrows(MalformedVectorException.class, file::next);
      assertTrue(e.toString().contains("some.csv:3: expected " + expected), e.toString());
    }
  }
}
