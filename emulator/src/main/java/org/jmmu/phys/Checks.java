package org.jmmu.phys;

/**
 * Whether misuse is looked for that costs time on hot paths: a frame freed twice or written while
 * free, a lock released by a thread that does not hold it. On unless the system property {@code
 * jmmu.checks} is {@code false}, which is for benchmarks; off, the JIT deletes them.
 */
public final class Checks {
  public static final boolean ON = !"false".equals(System.getProperty("jmmu.checks"));

  private Checks() {}
}
