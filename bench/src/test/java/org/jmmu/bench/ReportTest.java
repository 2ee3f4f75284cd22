package org.jmmu.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ReportTest {
  @Test
  void ratiosAreFormedRoundByRound() {
    Estimate ratio = Estimate.ratio(new double[] {10, 20, 30}, new double[] {5, 10, 15});
    assertEquals(2, ratio.mean(), 1e-9);
    assertEquals(0, ratio.error(), 1e-9);
  }

  @Test
  void oneRoundHasNoError() {
    Estimate estimate = Estimate.of(12.34);
    assertEquals("12.3", estimate.text());
    assertEquals(0, estimate.errorOrZero());
  }

  @Test
  void aRowNamesTheTargetsItMisses() {
    ReportRow row =
        new ReportRow("fault")
            .ns(Estimate.of(100))
            .toHost(Estimate.of(0.1), 0.15)
            .toBase(Estimate.of(4), 3.5, "copy")
            .noBytes(0.01);
    assertArrayEquals(
        new String[] {
          "fault", "100", "0.100", "4.00", "0.01", "0.15x host, 3.5x copy, 0 B/op", "no: 3.5x copy"
        },
        row.cells());
  }

  @Test
  void withinTheErrorIsAsFast() {
    Estimate noisy = Estimate.of(1.01, 1.03, 0.99);
    assertTrue(noisy.mean() > 1);
    String[] cells = new ReportRow("calls").asFastAsBase(noisy, "none").cells();
    assertEquals("yes", cells[cells.length - 1]);
    cells = new ReportRow("calls").asFastAsBase(Estimate.of(1.01, 1.0101), "none").cells();
    assertEquals("no: 1x none, within ±", cells[cells.length - 1]);
  }

  @Test
  void columnsLineUp() {
    Table table = new Table();
    table.row("what", "ns");
    table.row("x", "1234");
    assertEquals("what    ns%nx     1234%n".formatted(), table.text());
  }

  @Test
  void badArgumentsAreSaidAtOnce() {
    assertEquals(2, Report.run("--fast"));
    assertEquals(2, Report.run("--json"));
    assertEquals(2, Report.run("--json", "/nowhere/at/all.json"));
  }
}
