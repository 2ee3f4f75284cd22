package org.jmmu.hunt;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jmmu.stress.Witness;
import org.jspecify.annotations.Nullable;

/**
 * When a race was seen for the first time.
 *
 * @param millis since the first sample
 * @param samples up to and with that one
 */
public record FirstWitness(long millis, long samples) {
  private static final Pattern LINE =
      Pattern.compile(Pattern.quote(Witness.LINE_START) + " millis=(\\d+) samples=(\\d+)");

  /** What {@link Witness} printed, if it did. */
  static @Nullable FirstWitness in(List<String> forkOutput) {
    for (String line : forkOutput) {
      Matcher matcher = LINE.matcher(line);
      if (matcher.find()) {
        return new FirstWitness(Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2)));
      }
    }
    return null;
  }

  /** The same moment, counted from a start that lies earlier. */
  FirstWitness after(long moreMillis, long moreSamples) {
    return new FirstWitness(millis + moreMillis, samples + moreSamples);
  }
}
