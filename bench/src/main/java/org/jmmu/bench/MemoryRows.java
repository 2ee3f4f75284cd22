package org.jmmu.bench;

import static org.jmmu.bench.Figures.HOST;

/** Rows of the report about faults and system calls, each beside the host's own and its floor. */
final class MemoryRows {
  private static final int FEW_PAGES = 1024;

  private static final String PAGE_COPY = "FloorBench.pageCopy";
  private static final String SET_IN_MEMORY = "FloorBench.pageSetInMemory";
  private static final String COPY_FROM_MEMORY = "FloorBench.pageCopyFromMemory";
  private static final String POPULATE = "PopulateBench.populate";
  private static final String COPY_FAULT = "CopyFaultBench.fault";

  private static final String MREMAP = "MremapBench.emulated";
  private static final String MREMAP_BY_HOST = "MremapBench.host";
  private static final String SWAP = "SwapBench.emulated";
  private static final String SWAP_BY_HOST = "SwapBench.host";

  private final Figures figures;
  private final Table table;

  private MemoryRows(Figures figures, Table table) {
    this.figures = figures;
    this.table = table;
  }

  static void add(Figures figures, Table table) {
    MemoryRows rows = new MemoryRows(figures, table);
    rows.populate();
    rows.perPage("read fault, zero page", "ReadFaultBench.fault", "zeroRead", 0.10);
    rows.perPage("write fault, page reused", "ReuseFaultBench.fault", "wpReuse", 0.12);
    rows.copyOnWrite();
    rows.fork();
    rows.perPage("munmap, a page", "PopulateBench.munmap", "munmap", 0.10);
    rows.perPage("mprotect to read-only, a page", "ProtectBench.readOnly", "mprotectReadOnly", .08);
    rows.perPage("mprotect to writable, a page", "ProtectBench.writable", "mprotectWritable", .08);
    rows.splitMerge(64, 0.06);
    rows.splitMerge(1000, 0.12);
    rows.splitMerge(60000, 0.12);
    if (figures.has("TwoThreadFaultBench.two")) {
      rows.twoThreads();
    }
    rows.mremap();
    rows.swap();
    rows.machinePool();
  }

  private void populate() {
    add(
        compared("populate 64 MiB, a page", figures.of(POPULATE), "populate", 0.38)
            .toBase(ratio(POPULATE, SET_IN_MEMORY), 1.6, "page set")
            .noBytes(figures.bytesPerOp(POPULATE)));
    host("populate");
    plain("  page set (memset), 64 MiB", SET_IN_MEMORY);
  }

  private void copyOnWrite() {
    add(
        compared("write fault, page copied, 64 MiB", figures.of(COPY_FAULT), "copyOnWrite", 0.32)
            .toBase(ratio(COPY_FAULT, COPY_FROM_MEMORY), 1.2, "page copy")
            .noBytes(figures.bytesPerOp(COPY_FAULT)));
    host("copyOnWrite");
    plain("  page copy, 64 MiB", COPY_FROM_MEMORY);
  }

  private void perPage(String what, String figure, String onHost, double most) {
    add(compared(what, figures.of(figure), onHost, most).noBytes(figures.bytesPerOp(figure)));
    host(onHost);
  }

  private void fork() {
    double[] slope = slope("ForkBench.fork?pages=");
    ReportRow row = new ReportRow("fork, a page").ns(Estimate.of(slope));
    if (figures.has(HOST + "fork1")) {
      double[] onHost = slope(HOST + "fork");
      row.toHost(Estimate.ratio(slope, onHost), 0.30);
      add(row);
      add(new ReportRow("  on the host kernel").ns(Estimate.of(onHost)));
    } else {
      add(row);
    }
    add(compared("fork of one page", figures.of("ForkBench.fork?pages=1"), "fork1", 0.15));
    host("fork1");
  }

  private double[] slope(String fork) {
    double[] few = figures.of(fork + FEW_PAGES);
    double[] slope = figures.of(fork + Region.MANY_PAGES);
    for (int i = 0; i < slope.length; i++) {
      slope[i] = (slope[i] - few[i]) / (Region.MANY_PAGES - FEW_PAGES);
    }
    return slope;
  }

  private void splitMerge(int vmas, double most) {
    String pair = "SplitMergeBench.pair?vmas=" + vmas;
    String onHost = "splitMerge" + vmas;
    add(
        compared("split and merge, " + vmas + " VMAs", figures.of(pair), onHost, most)
            .bytes(figures.bytesPerOp(pair)));
    host(onHost);
  }

  private void twoThreads() {
    double[] one = figures.of("TwoThreadFaultBench.one");
    double[] two = figures.of("TwoThreadFaultBench.two");
    double[] copy = figures.of(PAGE_COPY);
    add(
        new ReportRow("write fault, two threads in one mm")
            .ns(Estimate.of(two))
            .toBase(Estimate.ratio(two, one), 1.15, "one thread")
            .noBytes(figures.bytesPerOp("TwoThreadFaultBench.two")));
    double[] oneWithout = withoutCopy(one, copy);
    double[] twoWithout = withoutCopy(two, copy);
    add(
        new ReportRow("  without a page copy")
            .ns(Estimate.of(twoWithout))
            .toBase(Estimate.ratio(twoWithout, oneWithout), 2, "one thread"));
    plain("  one thread", "TwoThreadFaultBench.one");
    host("twoThreads");
  }

  private static double[] withoutCopy(double[] fault, double[] copy) {
    double[] rest = fault.clone();
    for (int i = 0; i < rest.length; i++) {
      rest[i] -= copy[i];
    }
    return rest;
  }

  private void mremap() {
    double[] ns = figures.of(MREMAP);
    ReportRow row = new ReportRow("mremap entry by entry, a page").ns(Estimate.of(ns));
    if (figures.has(MREMAP_BY_HOST)) {
      row.toHost(ratio(MREMAP, MREMAP_BY_HOST), 0.6);
    }
    add(row.noBytes(figures.bytesPerOp(MREMAP)));
    plain("  on the host kernel", MREMAP_BY_HOST);
  }

  private void swap() {
    double[] ns = figures.of(SWAP);
    ReportRow row = new ReportRow("swap out and in, a page").ns(Estimate.of(ns));
    if (figures.has(SWAP_BY_HOST)) {
      row.toHost(ratio(SWAP, SWAP_BY_HOST), 0.35);
    }
    add(row.bytes(figures.bytesPerOp(SWAP)));
    plain("  on the host kernel, zram", SWAP_BY_HOST);
  }

  private void machinePool() {
    String reset = "MachinePoolBench.resetAndTake";
    String arena = "MachinePoolBench.sharedArena";
    add(
        new ReportRow("machine from the pool, reset after 8 frames")
            .ns(Estimate.of(figures.of(reset)), 1000)
            .toBase(ratio(reset, arena), 0.1, "shared Arena"));
    plain("  shared Arena, opened and closed", arena);
  }

  private ReportRow compared(String what, double[] ns, String onHost, double most) {
    ReportRow row = new ReportRow(what).ns(Estimate.of(ns));
    return figures.has(HOST + onHost)
        ? row.toHost(Estimate.ratio(ns, figures.of(HOST + onHost)), most)
        : row;
  }

  private Estimate ratio(String figure, String base) {
    return Estimate.ratio(figures.of(figure), figures.of(base));
  }

  private void host(String operation) {
    plain("  on the host kernel", HOST + operation);
  }

  private void plain(String what, String figure) {
    if (figures.has(figure)) {
      add(new ReportRow(what).ns(Estimate.of(figures.of(figure))));
    }
  }

  private void add(ReportRow row) {
    table.row(row.cells());
  }
}
