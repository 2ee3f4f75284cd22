package org.jmmu.bench;

import static org.jmmu.bench.StandardSet.AS_IS;
import static org.jmmu.bench.StandardSet.REMOVED;

/** Turns figures into the table of the report: ratios, targets, and whether they are met. */
final class ReportTable {
  private static final String FAULT = "AnonFaultBench.fault";
  private static final String HOST_FAULT = "HostFaultBench.fault";
  private static final String LIFE = "MapTouchUnmapBench.mapTouchUnmap";
  private static final String HOST_LIFE = "HostFaultBench.mapTouchUnmap";
  private static final String PAGE_COPY = "FloorBench.pageCopy";
  private static final String PAGE_SET = "FloorBench.pageSet";
  private static final int[] TLB_PAGES = {4, 512};
  private static final int[] COLD_FAULTS = {1, 1000, 10000};

  private final Figures figures;
  private final Table table = new Table();

  private ReportTable(Figures figures) {
    this.figures = figures;
  }

  static Table of(Figures figures) {
    ReportTable report = new ReportTable(figures);
    report.table.row(ReportRow.HEADER);
    for (TableSize tables : TableSize.values()) {
      report.pageWalk(tables);
    }
    for (int pages : TLB_PAGES) {
      report.tlbHit(pages);
    }
    report.plain("shootdown of one running CPU", "ShootdownBench.page");
    report.faults();
    MemoryRows.add(figures, report.table);
    RmapRows.add(figures, report.table);
    report.cold();
    if (figures.has(REMOVED + FAULT)) {
      report.pausePoints("anonymous write fault", FAULT);
      report.pausePoints("rmap walk", RmapRows.walk(StandardSet.MAINLINE, StandardSet.MAPPERS));
    }
    return report.table;
  }

  private void pageWalk(TableSize tables) {
    double[] java = figures.of("WalkBench.java?tables=" + tables);
    String inC = "WalkBench.c?tables=" + tables;
    ReportRow row = new ReportRow("page walk, tables in " + tables).ns(Estimate.of(java));
    if (figures.has(inC)) {
      boolean beyondL2 = tables.compareTo(TableSize.L2) > 0;
      row.toBase(Estimate.ratio(java, figures.of(inC)), beyondL2 ? 1.15 : 1.1, "C");
    }
    add(row.noBytes(figures.bytesPerOp("WalkBench.java?tables=" + tables)));
    plain("  in C", inC);
  }

  private void tlbHit(int pages) {
    String mmu = "TlbBench.loadMmu?pages=" + pages;
    String chain = "TlbBench.chainMmu?pages=" + pages;
    double[] plain = figures.of("TlbBench.loadPlain?pages=" + pages);
    double[] chainPlain = figures.of("TlbBench.chainPlain?pages=" + pages);
    add(
        new ReportRow("TLB hit, load, " + pages + " pages")
            .ns(Estimate.of(figures.of(mmu)))
            .toBase(Estimate.ratio(figures.of(mmu), plain), 2.2, "plain load")
            .noBytes(figures.bytesPerOp(mmu)));
    add(
        new ReportRow("  each waiting for the one before, beyond a plain load")
            .ns(Estimate.ofPairs(figures.of(chain), chainPlain, (all, load) -> all - load), 3)
            .noBytes(figures.bytesPerOp(chain)));
    plain("  plain load", "TlbBench.loadPlain?pages=" + pages);
  }

  private void faults() {
    double[] fault = figures.of(FAULT);
    double[] copy = figures.of(PAGE_COPY);
    ReportRow row = new ReportRow("anonymous write fault, warm").ns(Estimate.of(fault));
    if (figures.has(HOST_FAULT)) {
      row.toHost(Estimate.ratio(fault, figures.of(HOST_FAULT)), 0.15);
    }
    add(
        row.toBase(Estimate.ratio(fault, copy), 3.5, "page copy")
            .noBytes(figures.bytesPerOp(FAULT)));
    add(
        new ReportRow("  without a page copy")
            .ns(Estimate.ofPairs(fault, copy, (all, page) -> all - page), 60));
    plain("  on the host kernel", HOST_FAULT);
    plain("  page copy", PAGE_COPY);
    plain("  page set (memset)", PAGE_SET);
    row = new ReportRow("a page mapped, touched, unmapped").ns(Estimate.of(figures.of(LIFE)));
    if (figures.has(HOST_LIFE)) {
      row.toHost(Estimate.ratio(figures.of(LIFE), figures.of(HOST_LIFE)));
    }
    add(row.bytes(figures.bytesPerOp(LIFE)));
    plain("  on the host kernel", HOST_LIFE);
  }

  private void cold() {
    for (int faults : COLD_FAULTS) {
      double[] all = figures.of("ColdFaultBench.firstFaults?faults=" + faults);
      add(
          new ReportRow("first " + faults + " faults of a JVM, each")
              .ns(Estimate.of(RmapRows.scaled(all, faults))));
    }
  }

  private void pausePoints(String what, String name) {
    double[] asIs = figures.of(AS_IS + name);
    double[] removed = figures.of(REMOVED + name);
    add(
        new ReportRow("pause points, " + what)
            .ns(Estimate.of(asIs))
            .asFastAsBase(Estimate.ratio(asIs, removed), "no pause points"));
    plain("  without the calls", REMOVED + name);
  }

  /** A row without ratios; none if it was not measured here. */
  private void plain(String what, String name) {
    if (figures.has(name)) {
      add(new ReportRow(what).ns(Estimate.of(figures.of(name))));
    }
  }

  private void add(ReportRow row) {
    table.row(row.cells());
  }
}
