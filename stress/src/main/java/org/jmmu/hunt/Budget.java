package org.jmmu.hunt;

import java.time.Duration;

/**
 * How the testing time of one variant is cut: into forks, and each fork into iterations. Starting
 * the JVMs comes on top.
 *
 * @param forks JVMs per variant and placement of its actors on the CPUs
 * @param iterations iterations per fork
 * @param iterationMillis length of an iteration
 */
public record Budget(int forks, int iterations, int iterationMillis) {
  /** Testing time of a hunt that names no {@code --time}, all variants together. */
  private static final Duration WHOLE_HUNT = Duration.ofSeconds(80);

  private static final Duration LONGEST_DEFAULT = Duration.ofSeconds(10);

  /** A fork shorter than this spends most of its time on warming up. */
  private static final long SHORTEST_FORK_MILLIS = 4_000;

  /** A new JVM compiles the code anew, and may then show what the one before did not. */
  private static final long LONGEST_FORK_MILLIS = 60_000;

  private static final long LONGEST_ITERATION_MILLIS = 1_000;

  /** The budget per variant of a hunt for {@code variants} variants. */
  public static Duration defaultPerVariant(int variants) {
    Duration share = WHOLE_HUNT.dividedBy(Math.max(1, variants));
    return share.compareTo(LONGEST_DEFAULT) < 0 ? share : LONGEST_DEFAULT;
  }

  /**
   * Cuts the time of one variant.
   *
   * @param perVariant the testing time of a variant
   * @param placements how many ways there are to place its actors on the CPUs; each gets a share
   */
  public static Budget of(Duration perVariant, int placements) {
    long share = Math.max(1, perVariant.toMillis() / Math.max(1, placements));
    long forks = Math.max(1, Math.min(share / SHORTEST_FORK_MILLIS, JvmMode.values().length));
    forks = Math.max(forks, Math.ceilDiv(share, LONGEST_FORK_MILLIS));
    long fork = Math.max(1, share / forks);
    long iterations = Math.ceilDiv(fork, LONGEST_ITERATION_MILLIS);
    return new Budget((int) forks, (int) iterations, (int) Math.max(1, fork / iterations));
  }

  /** Whether a JVM of its own would mean that most of the time goes into starting it. */
  boolean isShortForJvm() {
    return fork().toMillis() < SHORTEST_FORK_MILLIS;
  }

  /** The testing time of one fork. */
  public Duration fork() {
    return Duration.ofMillis((long) iterations * iterationMillis);
  }
}
