package org.jmmu.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** One row of the report: figures, and beside them the targets some of them have. */
final class ReportRow {
  /** Names of the columns that {@link #cells} fills. */
  static final String[] HEADER = {"what", "ns", "x host", "x base", "B/op", "target", "met"};

  /** What the harness itself allocates is shared among many operations; an object is 16 bytes. */
  private static final double NO_BYTES = 0.5;

  private final String what;
  private String ns = "";
  private String toHost = "";
  private String toBase = "";
  private String bytes = "";
  private final List<String> targets = new ArrayList<>();
  private final List<String> missed = new ArrayList<>();

  ReportRow(String what) {
    this.what = what;
  }

  ReportRow ns(Estimate estimate) {
    ns = estimate.text();
    return this;
  }

  ReportRow ns(Estimate estimate, double most) {
    target(number(most) + " ns", estimate.mean() <= most);
    return ns(estimate);
  }

  ReportRow toHost(Estimate ratio) {
    toHost = ratio.text();
    return this;
  }

  ReportRow toHost(Estimate ratio, double most) {
    target(number(most) + "x host", ratio.mean() <= most);
    return toHost(ratio);
  }

  ReportRow toBase(Estimate ratio) {
    toBase = ratio.text();
    return this;
  }

  ReportRow toBase(Estimate ratio, double most, String base) {
    target(number(most) + "x " + base, ratio.mean() <= most);
    return toBase(ratio);
  }

  /** The target is the base itself, as far as noise lets one tell. */
  ReportRow asFastAsBase(Estimate ratio, String base) {
    target("1x " + base + ", within ±", ratio.mean() - ratio.errorOrZero() <= 1);
    return toBase(ratio);
  }

  ReportRow bytes(double perOp) {
    bytes = String.format(Locale.ROOT, "%.2f", perOp);
    return this;
  }

  ReportRow noBytes(double perOp) {
    target("0 B/op", perOp < NO_BYTES);
    return bytes(perOp);
  }

  String[] cells() {
    String met = missed.isEmpty() ? "yes" : "no: " + String.join(", ", missed);
    return new String[] {
      what, ns, toHost, toBase, bytes, String.join(", ", targets), targets.isEmpty() ? "" : met
    };
  }

  private void target(String target, boolean met) {
    targets.add(target);
    if (!met) {
      missed.add(target);
    }
  }

  private static String number(double number) {
    return String.format(Locale.ROOT, number == Math.rint(number) ? "%.0f" : "%s", number);
  }
}
