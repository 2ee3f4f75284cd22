package org.jmmu.stress;

import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.openjdk.jcstress.infra.Status;
import org.openjdk.jcstress.infra.collectors.TestResult;
import org.openjdk.jcstress.infra.runners.CounterThread;
import org.openjdk.jcstress.infra.runners.ForkedTestConfig;
import org.openjdk.jcstress.infra.runners.Runner;
import org.openjdk.jcstress.util.Counter;

/**
 * Runs several stress tests in one JVM, one after the other. To jcstress they are one test, whose
 * outcomes are those of all, each with the test's number before it; the hunt takes them apart.
 *
 * <p>All but the first find their code compiled, which a short test in a JVM of its own would not
 * live to see.
 */
public final class GroupRunner extends Runner<Object> {
  /** System property: the names of the generated runners, with commas between them. */
  public static final String RUNNERS = "jmmu.group";

  /** What the line starts with that is printed before each test, with its number behind. */
  public static final String LINE_START = "jmmu.test";

  /** Between the number of a test and its outcome. */
  public static final char SEPARATOR = '|';

  public GroupRunner(ForkedTestConfig config) {
    super(config);
  }

  @Override
  public TestResult run() {
    TestResult all = new TestResult(Status.NORMAL);
    String[] runners = System.getProperty(RUNNERS).split(",", -1);
    for (int test = 0; test < runners.length && !forceExit; test++) {
      System.out.println(LINE_START + " " + test);
      Witness.restart();
      Properties before = (Properties) System.getProperties().clone();
      TestResult result = runOne(runners[test]);
      System.setProperties(before);
      Measure.printAll();
      String prefix = "" + test + SEPARATOR;
      for (String outcome : result.getStateKeys()) {
        all.addState(prefix + outcome, result.getCount(outcome));
      }
      List<String> messages = new ArrayList<>(result.getMessages());
      if (result.status() != Status.NORMAL) {
        messages.addFirst(result.status().toString());
      }
      messages.forEach(message -> all.addMessage(prefix + message));
    }
    return all;
  }

  private TestResult runOne(String name) {
    try {
      Runner<?> runner =
          Class.forName(name)
              .asSubclass(Runner.class)
              .getConstructor(ForkedTestConfig.class)
              .newInstance(config);
      TestResult result = runner.run();
      forceExit = runner.forceExit(); // threads were left behind: the others would meet them
      return result;
    } catch (ReflectiveOperationException | LinkageError e) {
      TestResult result = new TestResult(Status.TEST_ERROR);
      result.addMessages(e);
      return result;
    }
  }

  @Override
  public void sanityCheck(Counter<Object> counter) {
    throw new UnsupportedOperationException("each test checks itself");
  }

  @Override
  @SuppressWarnings("NonApiType") // jcstress's
  public ArrayList<CounterThread<Object>> internalRun() {
    throw new UnsupportedOperationException("each test runs itself");
  }
}
