package org.jmmu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.jmmu.hunt.Catalogue;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** The command {@code walk}: what it says of good files, of wrong ones and of bad ones. */
class WalkCommandTest {
  private static final String HEADER =
      "id,grp,leaf,kind,size,va,cpl,ctl,cr3lo,pkru,entries,vec,err,cr2,adxor,adopt,pa,eng\n";
  private static final String FAULT =
      "4,A1,4K,R,1,fffffd3e7be52703,0,c,0,0,210020:211027:212027:406e8067,14,0,=,0,-,-,BQ\n";
  private static final String WRITE =
      "79900,A4,4K,W,1,ffff80820d63ad3e,0,1,0,0,210107:211007:212007:4348007,"
          + "0,-,-,20:20:20:60,-,4348d3e,BQKAb\n";
  private static final String CROSSING =
      "108119,A7,4K+4K,X,6,cd30cb5fff,3,cb,0,0,210027:211007:212047:4042a067/40066067,"
          + "0,-,-,0:20:20:0/0,-,4042afff+40066000,BQ\n";

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir private Path dir;
  private Path file = Path.of("");

  @BeforeEach
  void nameFile() {
    file = dir.resolve("some.csv");
  }

  private int walk(String... options) {
    CommandLine command =
        Jmmu.commandLine(
            new Catalogue(List.of()),
            (targets, time, listener) -> {
              throw new AssertionError("nobody hunts here");
            });
    command.setOut(new PrintWriter(out, true));
    command.setErr(new PrintWriter(err, true));
    String[] args = Arrays.copyOf(new String[] {"walk", file.toString()}, options.length + 2);
    System.arraycopy(options, 0, args, 2, options.length);
    return command.execute(args);
  }

  private void assertBad(String message) {
    assertEquals(2, walk());
    assertEquals("jmmu walk: " + message.replace("FILE", file.toString()) + "\n", err.toString());
  }

  private static byte[] gzip(String text) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write(text.getBytes(StandardCharsets.US_ASCII));
    }
    return packed.toByteArray();
  }

  @Test
  void allPass() throws IOException {
    Files.writeString(file, HEADER + FAULT + WRITE + CROSSING);
    assertEquals(0, walk());
    assertEquals("3 passed, 0 failed\n", out.toString());
    assertEquals("", err.toString());
  }

  @Test
  void gzipAndCarriageReturnsMakeNoDifference() throws IOException {
    Files.write(file, gzip((HEADER + FAULT + CROSSING).replace("\n", "\r\n")));
    assertEquals(0, walk());
    assertEquals("2 passed, 0 failed\n", out.toString());
  }

  @Test
  void mismatchesAreExplainedAndExitOne() throws IOException {
    Path json = dir.resolve("walk.json");
    Files.writeString(
        file,
        HEADER
            + FAULT
            + FAULT.replace("14,0,=", "14,5,=")
            + FAULT.replace("14,0,=", "14,0,1234")
            + FAULT.replace("14,0,=,0,-,-", "13,0,-,0,-,-")
            + WRITE.replace("20:20:20:60", "20:20:20:20")
            + WRITE.replace(",4348d3e", ",4348d3f"));
    assertEquals(1, walk("--json", json.toString()));
    assertEquals(
        """
        id 4: expected error code 5, found 0
        id 4: expected CR2 1234, found fffffd3e7be52703
        id 4: expected #GP, found #PF
        id 79900: expected bits 20 to change in the level-1 entry of walk 1, found 60
        id 79900: expected physical address 4348d3f, found 4348d3e
        1 passed, 5 failed
        """,
        out.toString());
    assertEquals("", err.toString());
    String written = Files.readString(json);
    assertTrue(written.contains("\"asExpected\" : false"), written);
    assertTrue(written.contains("\"failed\" : 5"), written);
    assertTrue(written.contains("\"difference\" : \"expected #GP, found #PF\""), written);
  }

  @Test
  void onlyTheFirstTenMismatchesAreShown() throws IOException {
    Files.writeString(file, HEADER + FAULT.replace("14,0,=", "14,5,=").repeat(25) + WRITE);
    assertEquals(1, walk());
    assertEquals(11, out.toString().lines().count());
    assertTrue(out.toString().endsWith("\n1 passed, 25 failed\n"), out.toString());
  }

  @Test
  void amdRefusesWhatIntelIgnores() throws IOException {
    Files.writeString(file, HEADER + WRITE);
    assertEquals(0, walk("--amd"));
    Files.writeString(file, HEADER + WRITE.replace("BQKAb", "BQK"));
    assertEquals(1, walk("--amd"));
    assertTrue(
        out.toString()
            .endsWith("id 79900: expected no exception, found #PF\n0 passed, 1 failed\n"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          4,A1|x,A1|id, a decimal number from 0 to 9223372036854775807, found 'x'
          R,1 |R,3 |size 1, 2, 4 or 8, found '3'
          ,BQ |''  |18 columns, found 17 columns
          """)
  void malformedLine(String good, String bad, String expected) throws IOException {
    Files.writeString(file, HEADER + FAULT.replace("14,0,=", "14,5,=") + FAULT.replace(good, bad));
    assertBad("FILE:3: expected " + expected);
    assertEquals("id 4: expected error code 5, found 0\n", out.toString());
  }

  @Test
  void emptyFile() throws IOException {
    Files.writeString(file, "");
    assertBad("FILE:1: expected the header " + HEADER.strip() + ", found the end of the file");
  }

  @Test
  void nothingButTheHeaderIsNoSuccess() throws IOException {
    Files.writeString(file, HEADER);
    assertBad("FILE:2: expected a vector, found the end of the file");
    assertEquals("", out.toString());
  }

  @Test
  void otherFile() throws IOException {
    Files.write(file, new byte[1 << 20]);
    String found = "'" + "?".repeat(60) + "...'";
    assertBad("FILE:1: expected the header " + HEADER.strip() + ", found " + found);
  }

  @Test
  void gzipCutOff() throws IOException {
    byte[] packed = gzip(HEADER + FAULT.repeat(3));
    Files.write(file, Arrays.copyOf(packed, packed.length - 4));
    assertBad("FILE:5: expected more gzip data, found the end of the file");
    assertFalse(out.toString().contains("passed"));
  }

  @Test
  void gzipCutOffInItsHeader() throws IOException {
    Files.write(file, Arrays.copyOf(gzip(HEADER), 5));
    assertBad("FILE:1: expected more gzip data, found the end of the file");
  }

  @Test
  void gzipDamaged() throws IOException {
    byte[] packed = gzip(HEADER + FAULT);
    packed[packed.length - 8] ^= 1; // the checksum
    Files.write(file, packed);
    assertBad("FILE:3: expected intact gzip data, found Corrupt GZIP trailer");
  }

  @Test
  void noFile() {
    assertBad("cannot read FILE: no such file");
  }

  @Test
  void directory() throws IOException {
    Files.createDirectory(file);
    assertBad("cannot read FILE: it is a directory");
  }

  @Test
  void resultThatCannotBeWrittenIsSaidFirst() {
    assertEquals(2, walk("--json", dir.toString()));
    assertEquals("jmmu walk: cannot write --json " + dir + ": it is a directory\n", err.toString());
  }
}
