package org.jmmu.explain;

import java.util.HashMap;
import java.util.Map;
import org.jmmu.sched.Schedule;
import org.jspecify.annotations.Nullable;

/**
 * A schedule that was found, as a text to keep: lines of a key and a value.
 *
 * <pre>
 * target vma-adjust:NONE
 * scenario 0-C
 * schedule M:rmapWalk.vma*4 W:end M:end
 * what dangling
 * </pre>
 *
 * @param target {@code SLUG:VARIANT}
 * @param scenario id of the scenario
 * @param what was wrong at the end
 */
public record ScheduleFile(String target, String scenario, Schedule schedule, String what) {
  private static final String TARGET = "target";
  private static final String SCENARIO = "scenario";
  private static final String SCHEDULE = "schedule";
  private static final String WHAT = "what";

  /**
   * @throws IllegalArgumentException if {@code text} is no such file; says why
   */
  public static ScheduleFile parse(String text) {
    Map<String, String> values = new HashMap<>();
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      int blank = line.indexOf(' ');
      if (blank < 0) {
        throw new IllegalArgumentException("line " + number + " is not a key and a value");
      }
      values.put(line.substring(0, blank), line.substring(blank + 1).strip());
    }
    return new ScheduleFile(
        required(TARGET, values.get(TARGET)),
        required(SCENARIO, values.get(SCENARIO)),
        Schedule.parse(required(SCHEDULE, values.get(SCHEDULE))),
        required(WHAT, values.get(WHAT)));
  }

  private static String required(String key, @Nullable String value) {
    if (value == null) {
      throw new IllegalArgumentException("there is no line '" + key + "'");
    }
    return value;
  }

  /** The text of the file; {@link #parse} of it equals this. */
  public String text() {
    return "# java -jar jmmu.jar explain "
        + target
        + " --replay FILE\n"
        + (TARGET + " " + target + "\n")
        + (SCENARIO + " " + scenario + "\n")
        + (SCHEDULE + " " + schedule + "\n")
        + (WHAT + " " + what + "\n");
  }
}
