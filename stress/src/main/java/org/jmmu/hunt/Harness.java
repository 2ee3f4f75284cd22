package org.jmmu.hunt;

import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;
import static java.util.stream.Collectors.toMap;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.openjdk.jcstress.Options;
import org.openjdk.jcstress.TestExecutor;
import org.openjdk.jcstress.Verbosity;
import org.openjdk.jcstress.infra.TestInfo;
import org.openjdk.jcstress.infra.collectors.TestResult;
import org.openjdk.jcstress.infra.runners.TestConfig;
import org.openjdk.jcstress.infra.runners.TestList;
import org.openjdk.jcstress.os.AffinityMode;
import org.openjdk.jcstress.os.OSSupport;
import org.openjdk.jcstress.os.Scheduler;
import org.openjdk.jcstress.os.SchedulingClass;
import org.openjdk.jcstress.os.topology.Topology;
import org.openjdk.jcstress.vm.VMSupport;

/**
 * jcstress, driven from inside. This is what {@code org.openjdk.jcstress.JCStress.run} does, except
 * that we choose the runs, that results arrive as they are made, and that no report is written.
 * Left alone, jcstress forks a JVM for every mix of interpreter, C1 and C2 among the actor methods,
 * 14 or more per test; our actors are one line each, and what they call is compiled the same way in
 * all of them.
 *
 * <p>jcstress prints as it goes; the caller holds a {@link Silence}.
 */
final class Harness {
  /**
   * Samples that two CPUs run between two meetings. More means less waiting for each other. Fewer
   * means that they are closer together in time: actors of unequal length drift apart, and only the
   * first samples behind a meeting race at all. At 64, vma-adjust was lost ten times less often.
   */
  static final int STRIDE_SIZE = 8;

  /**
   * Strides per epoch: {@code STRIDE_SIZE * STRIDE_COUNT} states are alive at a time. jcstress
   * bounds what they take of the Java heap, but does not see off-heap memory.
   */
  static final int STRIDE_COUNT = 8;

  /** Of a forked JVM; all of it is touched at the start. */
  static final int HEAP_MEGABYTES = 256;

  private final int cpus = VMSupport.figureOutHotCPUs();
  private final Scheduler scheduler;
  private final AffinityMode affinity;

  private Harness(Topology topology) {
    this.scheduler = new Scheduler(topology, cpus);
    // In a container that may use only some of the machine's CPUs, binding to others would fail.
    this.affinity = cpus == topology.totalThreads() ? AffinityMode.LOCAL : AffinityMode.NONE;
  }

  /** Finds out what this machine and its JVM can do; takes a few seconds. */
  static Harness probe() throws IOException {
    OSSupport.init();
    VMSupport.initFlags(options(Budget.of(Duration.ofSeconds(1), 1)));
    return new Harness(Topology.get());
  }

  /** Decides what to run so that every target gets {@code perVariant} of testing time. */
  Plan plan(List<Target> targets, Duration perVariant) throws IOException {
    Map<Target, String> obstacles = new LinkedHashMap<>();
    Map<TestInfo, List<SchedulingClass>> placements = new LinkedHashMap<>();
    Set<TestInfo> narrowWindows = new HashSet<>();
    for (Target target : targets) {
      if (!isThereTest(target.testName())) {
        obstacles.put(target, "there is no stress test " + target.testName());
        continue;
      }
      TestInfo test = TestList.getInfo(target.testName());
      List<SchedulingClass> ways = scheduler.scheduleClasses(test.threads(), cpus, affinity);
      if (ways.isEmpty()) {
        obstacles.put(target, "needs %d CPUs, there are %d".formatted(test.threads(), cpus));
        continue;
      }
      placements.put(test, ways);
      if (target.race().hasNarrowWindows()) {
        narrowWindows.add(test);
      }
    }

    int mostWays = placements.values().stream().mapToInt(List::size).max().orElse(1);
    Budget budget = Budget.of(perVariant, mostWays);
    Options options = options(budget);
    List<Group> jvms = new ArrayList<>();
    // Every test has had its first fork before any has its second.
    for (int fork = 0; fork < budget.forks(); fork++) {
      for (List<TestInfo> tests : groups(placements.keySet(), budget)) {
        // Tests of one race have the same actors, and so the same placements.
        for (SchedulingClass placement : requireNonNull(placements.get(tests.getFirst()))) {
          boolean narrow = narrowWindows.contains(tests.getFirst());
          jvms.add(Group.of(options, tests, fork, placement, narrow));
        }
      }
    }
    return new Plan(List.copyOf(jvms), budget, Map.copyOf(obstacles));
  }

  /** Those of one race, if none has enough time to fill a JVM; else each alone. */
  private static Collection<List<TestInfo>> groups(Collection<TestInfo> tests, Budget budget) {
    return tests.stream()
        .collect(
            groupingBy(
                test ->
                    budget.isShortForJvm()
                        ? test.name().substring(0, test.name().lastIndexOf('.'))
                        : test.name(),
                LinkedHashMap::new,
                toList()))
        .values();
  }

  /** jcstress lists the tests it generated in a file; without any, there is no file. */
  private static boolean isThereTest(String name) {
    return TestList.class.getResource(TestList.LIST) != null && TestList.tests().contains(name);
  }

  /** Runs the plan; {@code onResult} is called once per test run, from several threads. */
  void run(Plan plan, Consumer<TestResult> onResult) throws IOException {
    Map<String, Group> byRun =
        plan.jvms().stream().collect(toMap(Harness::nameOfRun, Function.identity()));
    TestExecutor executor =
        new TestExecutor(
            new Verbosity(0),
            result -> {
              Group group = requireNonNull(byRun.get(nameOfRun(result.getConfig())));
              group.split(result).forEach(onResult);
            },
            scheduler);
    try (ForkWatch _ = new ForkWatch(plan.budget().fork().multipliedBy(plan.mostTests()))) {
      // The executor takes them from the end.
      executor.runAll(plan.jvms().stream().map(Group::run).toList().reversed());
    }
  }

  private static String nameOfRun(Group group) {
    return nameOfRun(group.run());
  }

  private static String nameOfRun(TestConfig run) {
    return run.name + " " + run.forkId + " " + run.shClass;
  }

  static Options options(Budget budget) throws IOException {
    Options options =
        new Options(
            new String[] {
              "-iters", String.valueOf(budget.iterations()),
              "-time", String.valueOf(budget.iterationMillis()),
              "-strideSize", String.valueOf(STRIDE_SIZE),
              "-strideCount", String.valueOf(STRIDE_COUNT),
              "-hs", String.valueOf(HEAP_MEGABYTES),
            });
    if (!options.parse()) {
      throw new IllegalStateException("jcstress does not know an option of ours");
    }
    return options;
  }
}
