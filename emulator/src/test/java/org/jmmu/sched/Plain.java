package org.jmmu.sched;

import java.util.Map;
import java.util.function.Supplier;

/** A trial whose state is in the threads' closures. */
record Plain(Map<String, Runnable> threads, Supplier<String> judge) implements Scenario.Trial {
  /** The same threads in every run; nothing is judged. */
  record Once(Map<String, Runnable> threads) implements Scenario {
    @Override
    public String id() {
      return "once";
    }

    @Override
    public Trial start() {
      return new Plain(threads, () -> "");
    }
  }

  @Override
  public String verdict() {
    return judge.get();
  }

  @Override
  public Map<String, String> state() {
    return Map.of();
  }

  @Override
  public void close() {}
}
