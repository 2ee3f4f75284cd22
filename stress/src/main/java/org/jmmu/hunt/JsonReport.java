package org.jmmu.hunt;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.jr.ob.JSON;

/** A hunt for programs. Names and meanings stay; new ones may be added. */
public final class JsonReport {
  private static final JSON JACKSON =
      JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT, JSON.Feature.WRITE_NULL_PROPERTIES);

  private JsonReport() {}

  /** The text of the file. */
  public static String of(HuntResult result) {
    Map<String, @Nullable Object> hunt = new LinkedHashMap<>();
    hunt.put("asExpected", result.asExpected());
    hunt.put("started", result.started().toString());
    hunt.put("tookMillis", result.took().toMillis());
    hunt.put("millisPerVariant", result.perVariant().toMillis());
    hunt.put("host", host(result.host()));
    hunt.put("variants", result.findings().stream().map(JsonReport::finding).toList());
    return JACKSON.asString(hunt) + "\n";
  }

  private static Map<String, @Nullable Object> host(Host host) {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("cpus", host.cpus());
    map.put("arch", host.arch());
    map.put("os", host.os());
    map.put("jvm", host.jvm());
    map.put("load", host.load() < 0 ? null : host.load());
    return map;
  }

  private static Map<String, @Nullable Object> finding(Finding finding) {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("race", finding.target().race().slug());
    map.put("variant", finding.target().variant().name());
    map.put("expected", finding.target().variant().verdict().name());
    map.put("caught", finding.caught());
    map.put("asExpected", finding.asExpected());
    map.put("bad", finding.bad());
    map.put("samples", finding.samples());
    map.put("samplesPerSecond", Math.round(finding.samplesPerSecond()));
    map.put("testedMillis", finding.tested().toMillis());
    map.put("firstWitness", witness(finding.firstWitness()));
    map.put("upperBound95", finding.upperBound95());
    map.put("measures", finding.measures().stream().map(JsonReport::measured).toList());
    map.put("outcomes", finding.outcomes().stream().map(JsonReport::outcome).toList());
    map.put("troubles", List.copyOf(finding.troubles()));
    map.put("search", search(finding.verification()));
    return map;
  }

  private static @Nullable Map<String, @Nullable Object> search(
      @Nullable Verification verification) {
    if (verification == null) {
      return null;
    }
    FoundSchedule found = verification.found();
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("scenarios", verification.scenarios());
    map.put("schedules", verification.schedules());
    map.put("preemptions", verification.preemptions());
    map.put("lostIn", found == null ? null : found.scenario().id());
    map.put("schedule", found == null ? null : found.schedule().toString());
    map.put("what", found == null ? null : found.what());
    return map;
  }

  private static @Nullable Map<String, @Nullable Object> witness(@Nullable FirstWitness witness) {
    if (witness == null) {
      return null;
    }
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("millis", witness.millis());
    map.put("samples", witness.samples());
    return map;
  }

  private static Map<String, @Nullable Object> measured(Measured measured) {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("name", measured.name());
    map.put("kind", measured.kind().name());
    map.put("samples", measured.samples());
    map.put("sum", measured.sum());
    map.put("most", measured.most());
    return map;
  }

  private static Map<String, @Nullable Object> outcome(OutcomeRow row) {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("id", row.id());
    map.put("grade", row.grade());
    map.put("samples", row.samples());
    map.put("description", row.description());
    return map;
  }
}
