package org.jmmu.bench;

import org.jmmu.race.vmaadjust.VmaAdjustVariant;

/** Rows of the report about walks of the reverse map. */
final class RmapRows {
  private static final int FEW = 100;
  private static final int MANY = 1000;
  private static final int[] MAINLINE_MAPPERS = {1, 10, FEW, MANY};
  private static final String MPROTECT =
      "VmaAdjustCostBench.mprotect?variant=" + StandardSet.MAINLINE;

  private final Figures figures;
  private final Table table;

  private RmapRows(Figures figures, Table table) {
    this.figures = figures;
    this.table = table;
  }

  static void add(Figures figures, Table table) {
    RmapRows rows = new RmapRows(figures, table);
    rows.perMapper();
    for (VmaAdjustVariant variant : VmaAdjustVariant.values()) {
      if (figures.has(walk(variant, FEW))) {
        rows.slope("rmap walk " + variant + ", slope per mapper", walk(variant, FEW), 25);
      }
    }
    if (figures.has(walk(VmaAdjustVariant.SEQ_ADDR, MANY))) {
      rows.seqcount();
    }
    rows.window();
    rows.slope("unmap for swap-out, slope per mapper", unmap(FEW), Double.NaN);
    rows.add(
        new ReportRow("boundary of two VMAs moved and back, by mprotect")
            .ns(Estimate.of(figures.of(MPROTECT)))
            .bytes(figures.bytesPerOp(MPROTECT)));
  }

  private void perMapper() {
    for (int mappers : MAINLINE_MAPPERS) {
      String walk = walk(StandardSet.MAINLINE, mappers);
      add(
          new ReportRow("rmap walk per mapper, N = " + mappers)
              .ns(Estimate.of(scaled(figures.of(walk), mappers)))
              .noBytes(figures.bytesPerOp(walk) / mappers));
    }
  }

  private void slope(String what, String ofFew, double most) {
    String ofMany = ofFew.replace("mappers=" + FEW, "mappers=" + MANY);
    double[] few = figures.of(ofFew);
    double[] many = figures.of(ofMany);
    Estimate slope = Estimate.ofPairs(few, many, (a, b) -> (b - a) / (MANY - FEW));
    ReportRow row = new ReportRow(what);
    add(
        (Double.isNaN(most) ? row.ns(slope) : row.ns(slope, most))
            .toBase(Estimate.ofPairs(many, few, (b, a) -> b / a * FEW / MANY), 1.6, "N = 100")
            .noBytes(figures.bytesPerOp(ofMany) / MANY));
  }

  /** What consistent looks at a VMA cost beside the lock on the anon_vma alone. */
  private void seqcount() {
    double[] with = figures.of(walk(VmaAdjustVariant.SEQ_ADDR, MANY));
    double[] without = figures.of(walk(VmaAdjustVariant.NONE, MANY));
    add(
        new ReportRow("rmap walk SEQ_ADDR, N = 1000")
            .toBase(Estimate.ratio(with, without), 1.15, "NONE"));
  }

  /** Neighbours walked together: a mapper's share of a page's share. */
  private void window() {
    for (int mappers : new int[] {FEW, MANY}) {
      String walk = "RmapWindowBench.referenced?mappers=" + mappers;
      add(
          new ReportRow("rmap walk of 64 pages at once, per page and mapper, N = " + mappers)
              .ns(Estimate.of(scaled(figures.of(walk), mappers)), 5)
              .noBytes(figures.bytesPerOp(walk) / mappers));
    }
  }

  /** One walk of a page with so many mappers. */
  static String walk(VmaAdjustVariant variant, int mappers) {
    return "RmapWalkBench.referenced?mappers=" + mappers + "&variant=" + variant;
  }

  private static String unmap(int mappers) {
    return "UnmapBench.tryToUnmap?mappers=" + mappers;
  }

  static double[] scaled(double[] all, int parts) {
    double[] each = new double[all.length];
    for (int i = 0; i < each.length; i++) {
      each[i] = all[i] / parts;
    }
    return each;
  }

  private void add(ReportRow row) {
    table.row(row.cells());
  }
}
