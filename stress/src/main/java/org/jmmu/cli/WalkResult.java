package org.jmmu.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jmmu.hw.CpuModel.Vendor;
import org.jspecify.annotations.Nullable;
import tools.jackson.jr.ob.JSON;

/** What came of the vectors so far. Only the first mismatches are kept: there may be many. */
final class WalkResult {
  private static final int MISMATCHES_KEPT = 10;
  private static final JSON JACKSON = JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT);

  private record Mismatch(long id, String difference) {}

  private final List<Mismatch> mismatches = new ArrayList<>();
  private long passed;
  private long failed;

  /** Counts a vector; {@code difference} is null if it passed. */
  void add(long id, @Nullable String difference) {
    if (difference == null) {
      passed++;
      return;
    }
    failed++;
    if (mismatches.size() < MISMATCHES_KEPT) {
      mismatches.add(new Mismatch(id, difference));
    }
  }

  boolean asExpected() {
    return failed == 0;
  }

  /** One line per mismatch that was kept. */
  List<String> mismatches() {
    return mismatches.stream().map(m -> "id " + m.id() + ": " + m.difference()).toList();
  }

  String summary() {
    return passed + " passed, " + failed + " failed";
  }

  /** For programs: names and meanings stay; new ones may be added. */
  String json(String file, Vendor vendor) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("asExpected", asExpected());
    map.put("file", file);
    map.put("vendor", vendor.name().toLowerCase(Locale.ROOT));
    map.put("passed", passed);
    map.put("failed", failed);
    map.put("firstMismatches", mismatches.stream().map(WalkResult::json).toList());
    return JACKSON.asString(map) + "\n";
  }

  private static Map<String, Object> json(Mismatch mismatch) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("id", mismatch.id());
    map.put("difference", mismatch.difference());
    return map;
  }
}
