package org.jmmu.bench;

import java.util.Locale;
import org.jmmu.race.vmaadjust.VmaAdjustVariant;

/**
 * The protocols of race vma-adjust side by side: what each costs a walk, and what it costs a change
 * of a VMA's range, in nanoseconds.
 */
final class VmaAdjustTable {
  private static final String[] HEADER = {
    "vma-adjust",
    "verdict",
    "walk per mapper, N = 100",
    "N = 1000",
    "change and back",
    "beside a walker",
    "walk per mapper beside changes",
    "B/op"
  };

  private VmaAdjustTable() {}

  static Table of(Figures figures) {
    Table table = new Table();
    table.row(HEADER);
    for (VmaAdjustVariant variant : VmaAdjustVariant.values()) {
      if (figures.has(writer("alone", variant))) {
        table.row(row(figures, variant));
      }
    }
    return table;
  }

  private static String[] row(Figures figures, VmaAdjustVariant variant) {
    String alone = writer("alone", variant);
    String beside = writer("besideWalker", variant);
    boolean twoCpus = figures.has(beside);
    return new String[] {
      variant.name(),
      variant.verdict().toString(),
      reader(figures, variant, 100),
      reader(figures, variant, 1000),
      Estimate.of(figures.of(alone)).text(),
      twoCpus ? Estimate.of(figures.of(beside)).text() : "",
      twoCpus ? Estimate.of(figures.secondary(beside, "perMapper")).text() : "",
      String.format(Locale.ROOT, "%.2f", figures.bytesPerOp(alone))
    };
  }

  private static String reader(Figures figures, VmaAdjustVariant variant, int mappers) {
    double[] walk = figures.of(RmapRows.walk(variant, mappers));
    return Estimate.of(RmapRows.scaled(walk, mappers)).text();
  }

  private static String writer(String method, VmaAdjustVariant variant) {
    return "VmaAdjustCostBench." + method + "?variant=" + variant;
  }
}
