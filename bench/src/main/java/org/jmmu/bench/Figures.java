package org.jmmu.bench;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/**
 * What the benchmarks have measured so far, round by round.
 *
 * <p>A figure is named {@code Class.method}, behind it {@code ?param=value&param=value} in the
 * order of the parameters' names, and before it {@code label/} where the same benchmark runs under
 * several conditions.
 */
final class Figures {
  /** Label of what {@link HostProgram} has measured. */
  static final String HOST = "host/";

  private static final double MEDIAN = 50;
  private static final String BYTES = "gc.alloc.rate.norm";

  private final Map<String, List<RunResult>> rounds = new LinkedHashMap<>();
  private final Map<String, List<Double>> hostRounds = new HashMap<>();

  /** Adds one round of some benchmarks. */
  void add(String label, Collection<RunResult> round) {
    for (RunResult result : round) {
      rounds.computeIfAbsent(name(label, result.getParams()), _ -> new ArrayList<>()).add(result);
    }
  }

  /** Adds one round of the host's operations, in nanoseconds. */
  void addHost(Map<String, Double> round) {
    round.forEach(
        (name, ns) -> hostRounds.computeIfAbsent(HOST + name, _ -> new ArrayList<>()).add(ns));
  }

  boolean has(String name) {
    return rounds.containsKey(name) || hostRounds.containsKey(name);
  }

  /** Per round, the median of the iterations: a neighbour's burst of work leaves it alone. */
  double[] of(String name) {
    List<Double> host = hostRounds.get(name);
    if (host != null) {
      return host.stream().mapToDouble(ns -> ns).toArray();
    }
    return rounds(name).stream()
        .mapToDouble(round -> round.getPrimaryResult().getStatistics().getPercentile(MEDIAN))
        .toArray();
  }

  /** As {@link #of}, of something else that the benchmark counts. */
  double[] secondary(String name, String counter) {
    return rounds(name).stream()
        .mapToDouble(
            round ->
                Objects.requireNonNull(round.getSecondaryResults().get(counter), counter)
                    .getStatistics()
                    .getPercentile(MEDIAN))
        .toArray();
  }

  /** Bytes allocated per operation, the highest of the rounds. */
  double bytesPerOp(String name) {
    return rounds(name).stream().mapToDouble(Figures::bytesPerOp).max().orElse(Double.NaN);
  }

  /** The median: to the last iteration JMH adds what the end of the trial allocates. */
  private static double bytesPerOp(RunResult round) {
    Result<?> bytes = round.getSecondaryResults().get(BYTES);
    return bytes == null ? Double.NaN : bytes.getStatistics().getPercentile(MEDIAN);
  }

  /**
   * All of JMH's results, the rounds of a benchmark as one result, as if they were forks of one
   * run.
   */
  Collection<RunResult> merged() {
    List<RunResult> merged = new ArrayList<>();
    for (List<RunResult> each : rounds.values()) {
      List<BenchmarkResult> forks = new ArrayList<>();
      each.forEach(round -> forks.addAll(round.getBenchmarkResults()));
      merged.add(new RunResult(each.getFirst().getParams(), forks));
    }
    return merged;
  }

  private List<RunResult> rounds(String name) {
    List<RunResult> found = rounds.get(name);
    if (found == null) {
      throw new IllegalArgumentException("not measured: " + name + " among " + rounds.keySet());
    }
    return found;
  }

  private static String name(String label, BenchmarkParams params) {
    String benchmark = params.getBenchmark();
    int simple = benchmark.lastIndexOf('.', benchmark.lastIndexOf('.') - 1) + 1;
    Map<String, String> values = new TreeMap<>();
    params.getParamsKeys().forEach(key -> values.put(key, params.getParam(key)));
    StringBuilder name = new StringBuilder(label).append(benchmark.substring(simple));
    char separator = '?';
    for (Map.Entry<String, String> value : values.entrySet()) {
      name.append(separator).append(value.getKey()).append('=').append(value.getValue());
      separator = '&';
    }
    return name.toString();
  }
}
