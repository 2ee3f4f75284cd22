package org.jmmu.bench;

import java.util.Locale;
import java.util.function.DoubleBinaryOperator;
import org.openjdk.jmh.util.ListStatistics;

/**
 * A figure from several rounds, with half of its 95 % confidence interval; NaN where one round is
 * all there is.
 *
 * <p>Ratios are formed round by round: what slows a whole round down cancels out of them.
 */
record Estimate(double mean, double error) {
  private static final double CONFIDENCE = 0.95;

  static Estimate of(double... rounds) {
    ListStatistics statistics = new ListStatistics(rounds);
    return new Estimate(statistics.getMean(), statistics.getMeanErrorAt(CONFIDENCE));
  }

  static Estimate ofPairs(double[] left, double[] right, DoubleBinaryOperator figure) {
    double[] rounds = new double[left.length];
    for (int i = 0; i < rounds.length; i++) {
      rounds[i] = figure.applyAsDouble(left[i], right[i]);
    }
    return of(rounds);
  }

  static Estimate ratio(double[] left, double[] right) {
    return ofPairs(left, right, (a, b) -> a / b);
  }

  double errorOrZero() {
    return Double.isNaN(error) ? 0 : error;
  }

  /** Three significant digits are more than the machines this runs on deserve. */
  String text() {
    int decimals = Math.abs(mean) < 1 ? 3 : Math.abs(mean) < 10 ? 2 : Math.abs(mean) < 100 ? 1 : 0;
    String format = "%." + decimals + "f";
    String value = String.format(Locale.ROOT, format, mean);
    return Double.isNaN(error) ? value : value + " ± " + String.format(Locale.ROOT, format, error);
  }
}
