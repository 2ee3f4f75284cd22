package org.jmmu.hunt;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jmmu.stress.Measure;

/**
 * What a {@link Measure} said of all samples of a variant.
 *
 * @param name of the measure
 * @param kind what its values are
 * @param samples how many had a value
 * @param sum of the values
 * @param most the largest
 */
public record Measured(String name, Measure.Kind kind, long samples, long sum, long most) {
  private static final Pattern LINE =
      Pattern.compile(
          Pattern.quote(Measure.LINE_START)
              + " name=(\\S+) kind=(\\S+) samples=(\\d+) sum=(\\d+) most=(\\d+)");

  /** What measures printed; those of the same name, in several JVMs, are added up. */
  static List<Measured> in(List<String> output) {
    Map<String, Measured> byName = new LinkedHashMap<>();
    for (String line : output) {
      Matcher matcher = LINE.matcher(line);
      if (matcher.find()) {
        Measured measured =
            new Measured(
                matcher.group(1),
                Measure.Kind.valueOf(matcher.group(2)),
                Long.parseLong(matcher.group(3)),
                Long.parseLong(matcher.group(4)),
                Long.parseLong(matcher.group(5)));
        byName.merge(measured.name, measured, Measured::plus);
      }
    }
    return new ArrayList<>(byName.values());
  }

  private Measured plus(Measured other) {
    return new Measured(
        name, kind, samples + other.samples, sum + other.sum, Math.max(most, other.most));
  }

  /** The sum per sample. */
  public double mean() {
    return (double) sum / samples;
  }

  /** For people: {@code restarts 0.0312 a sample, 17 at most}, or {@code eagain 0.41 %}. */
  public String text() {
    return switch (kind) {
      case AMOUNT ->
          String.format(Locale.ROOT, "%s %.4f a sample, %,d at most", name, mean(), most);
      case SHARE -> String.format(Locale.ROOT, "%s %.3f %%", name, 100 * mean());
    };
  }
}
