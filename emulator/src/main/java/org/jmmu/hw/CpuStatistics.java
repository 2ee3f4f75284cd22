package org.jmmu.hw;

/**
 * What the MMU of one CPU has done since it was made.
 *
 * @param hits loads and stores that hit in the TLB at once; counted only if the system property
 *     {@value #COUNT_HITS} is {@code true}, because counting would slow every hit down
 * @param misses accesses that did not: TLB misses, but also misaligned, locked and fetch accesses,
 *     and the first access to a page after a change of mode
 * @param walks page walks
 * @param fills translations entered into the TLB
 * @param pageFaults page faults raised
 * @param shootdowns flush requests of other CPUs carried out
 */
public record CpuStatistics(
    long hits, long misses, long walks, long fills, long pageFaults, long shootdowns) {
  /** System property. */
  public static final String COUNT_HITS = "jmmu.hw.countHits";

  /** A constant to the JIT. */
  static final boolean COUNTS_HITS = Boolean.getBoolean(COUNT_HITS);
}
