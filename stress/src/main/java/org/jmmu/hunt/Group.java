package org.jmmu.hunt;

import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jmmu.sched.PausePoint;
import org.jmmu.stress.GroupRunner;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.Options;
import org.openjdk.jcstress.infra.Status;
import org.openjdk.jcstress.infra.TestInfo;
import org.openjdk.jcstress.infra.collectors.TestResult;
import org.openjdk.jcstress.infra.runners.TestConfig;
import org.openjdk.jcstress.os.SchedulingClass;
import org.openjdk.jcstress.vm.CompileMode;

/**
 * Tests that share a JVM: to jcstress a single one, {@link GroupRunner}.
 *
 * @param tests with the same actors, one after the other
 * @param run what jcstress runs in their stead
 * @param members what it would run if each had a JVM of its own; results are theirs
 */
record Group(List<TestInfo> tests, TestConfig run, List<TestConfig> members) {
  static Group of(
      Options options,
      List<TestInfo> tests,
      int fork,
      SchedulingClass placement,
      boolean narrowWindows) {
    List<String> jvmArgs = new ArrayList<>(JvmMode.ofFork(fork).jvmArgs());
    if (narrowWindows) {
      jvmArgs.add("-D" + PausePoint.PROPERTY + "=perturb");
    }
    TestInfo first = tests.getFirst();
    String name = tests.stream().map(TestInfo::name).collect(joining(","));
    TestInfo together =
        new TestInfo(
            name,
            first.binaryName(),
            GroupRunner.class.getName(),
            first.description(),
            first.threads(),
            first.actorNames(),
            first.requiresFork());
    String runners = tests.stream().map(TestInfo::generatedRunner).collect(joining(","));
    List<String> itsArgs =
        Stream.concat(jvmArgs.stream(), Stream.of("-D" + GroupRunner.RUNNERS + "=" + runners))
            .toList();
    return new Group(
        List.copyOf(tests),
        config(options, together, fork, itsArgs, placement),
        tests.stream().map(test -> config(options, test, fork, jvmArgs, placement)).toList());
  }

  private static TestConfig config(
      Options options, TestInfo test, int fork, List<String> jvmArgs, SchedulingClass placement) {
    return new TestConfig(options, test, fork, jvmArgs, CompileMode.UNIFIED, placement);
  }

  /**
   * Takes the results of the tests apart. A JVM that failed as a whole failed all of them; a test
   * that it did not come to has none.
   */
  List<TestResult> split(TestResult result) {
    List<TestResult> results = new ArrayList<>();
    for (int test = 0; test < members.size(); test++) {
      String prefix = "" + test + GroupRunner.SEPARATOR;
      List<String> messages =
          result.status() == Status.NORMAL
              ? result.getMessages().stream()
                  .filter(message -> message.startsWith(prefix))
                  .map(message -> message.substring(prefix.length()))
                  .toList()
              : result.getMessages();
      List<String> output = outputOf(test, result.getVmOut());
      if (result.status() == Status.NORMAL && output == null) {
        continue;
      }
      TestResult one = new TestResult(statusOf(result, messages));
      one.setConfig(members.get(test));
      one.setEnv(result.getEnv());
      one.addMessages(messages);
      one.addVMOuts(output == null ? List.of() : output);
      one.addVMErrs(result.getVmErr());
      for (String outcome : result.getStateKeys()) {
        if (outcome.startsWith(prefix)) {
          one.addState(outcome.substring(prefix.length()), result.getCount(outcome));
        }
      }
      results.add(one);
    }
    return results;
  }

  private static Status statusOf(TestResult result, List<String> messages) {
    if (result.status() != Status.NORMAL || messages.isEmpty()) {
      return result.status();
    }
    for (Status status : Status.values()) {
      if (status.toString().equals(messages.getFirst())) {
        return status;
      }
    }
    return Status.NORMAL;
  }

  /** What was printed from the line on that names the test; null if there is none. */
  private static @Nullable List<String> outputOf(int test, List<String> lines) {
    int from = lines.indexOf(GroupRunner.LINE_START + " " + test);
    if (from < 0) {
      return null;
    }
    int to = lines.indexOf(GroupRunner.LINE_START + " " + (test + 1));
    return lines.subList(from, to < 0 ? lines.size() : to);
  }
}
