package org.jmmu.replay;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.jr.ob.JSON;

/** What came of a replay. */
public final class ReplayResult {
  private static final int DIFFERENCES_SHOWN = 10;
  private static final int PERCENT_OF_ADDRESSES = 99;
  private static final JSON JACKSON = JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT);

  /** A call that ended otherwise than in the log. */
  private record Difference(int line, String call, String traced, String emulated) {
    Map<String, Object> json() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("line", line);
      map.put("call", call);
      map.put("traced", traced);
      map.put("emulated", emulated);
      return map;
    }

    @Override
    public String toString() {
      return "line " + line + ": " + call + ": " + traced + " in the log, " + emulated + " here";
    }
  }

  private final boolean place;
  private final List<Difference> differences = new ArrayList<>();
  private final List<Difference> misplaced = new ArrayList<>();
  private final Map<String, Integer> notModelled = new TreeMap<>();
  private long calls;
  private long placed;
  private long placedEqual;
  private @Nullable MapsDiff maps;

  ReplayResult(boolean place) {
    this.place = place;
  }

  void call() {
    calls++;
  }

  /** Whether a call that returns no address ended as in the log. */
  void compare(int line, SystemCall call, Outcome outcome) {
    if (!call.errno().equals(outcome.errno())) {
      differs(line, call, orSuccess(call.errno()), orSuccess(outcome.errno()));
    }
  }

  /** The same for one that returns an address. */
  void compareAddress(int line, SystemCall call, Outcome outcome) {
    if (!call.errno().equals(outcome.errno())
        || (call.succeeded() && Values.leadingNumber(call.result()) != outcome.value())) {
      String traced = call.succeeded() ? call.result() : call.errno();
      String here =
          outcome.succeeded() ? "0x" + Long.toHexString(outcome.value()) : outcome.errno();
      differs(line, call, traced, here);
    }
  }

  private void differs(int line, SystemCall call, String traced, String emulated) {
    differences.add(new Difference(line, call.toString(), traced, emulated));
  }

  private static String orSuccess(String errno) {
    return errno.isEmpty() ? "success" : errno;
  }

  void notModelled(String what) {
    notModelled.merge(what, 1, Integer::sum);
  }

  /** The emulator chose an address; which one may differ, so it is counted apart. */
  void placed(int line, SystemCall call, Outcome outcome) {
    placed++;
    if (outcome.value() == Values.leadingNumber(call.result())) {
      placedEqual++;
    } else {
      misplaced.add(
          new Difference(
              line, call.toString(), call.result(), "0x" + Long.toHexString(outcome.value())));
    }
  }

  void maps(MapsDiff diff) {
    maps = diff;
  }

  private MapsDiff maps() {
    if (maps == null) {
      throw new IllegalStateException("the replay is not over");
    }
    return maps;
  }

  /** Whether everything ended as in the log. */
  public boolean asExpected() {
    return differences.isEmpty()
        && maps().equal() == maps().total()
        && placedEqual * 100 >= placed * PERCENT_OF_ADDRESSES;
  }

  /** What there is to say, a line each; the last one counts the equal lines of maps. */
  public List<String> lines() {
    List<String> lines = new ArrayList<>();
    addFirst(lines, differences, "more calls that differ");
    addFirst(lines, misplaced, "more addresses that differ");
    if (!notModelled.isEmpty()) {
      lines.add(
          notModelled.entrySet().stream()
              .map(e -> e.getKey() + " (" + e.getValue() + ")")
              .collect(Collectors.joining(", ", "not replayed: ", "")));
    }
    lines.addAll(maps().lines());
    if (place) {
      lines.add(placedEqual + " of " + placed + " addresses equal");
    }
    lines.add(maps().equal() + " of " + maps().total() + " lines equal");
    return lines;
  }

  private static void addFirst(List<String> lines, List<Difference> all, String more) {
    all.stream().limit(DIFFERENCES_SHOWN).forEach(d -> lines.add(d.toString()));
    if (all.size() > DIFFERENCES_SHOWN) {
      lines.add("and " + (all.size() - DIFFERENCES_SHOWN) + " " + more);
    }
  }

  /** For programs: names and meanings stay; new ones may be added. */
  public String json(String trace) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("asExpected", asExpected());
    map.put("trace", trace);
    map.put("calls", calls);
    map.put("differences", differences.stream().map(Difference::json).toList());
    map.put("notReplayed", notModelled);
    map.put("mapsDiff", maps().lines());
    if (place) {
      map.put("addresses", placed);
      map.put("addressesEqual", placedEqual);
      map.put("misplaced", misplaced.stream().map(Difference::json).toList());
    }
    map.put("lines", maps().total());
    map.put("linesEqual", maps().equal());
    return JACKSON.asString(map) + "\n";
  }
}
