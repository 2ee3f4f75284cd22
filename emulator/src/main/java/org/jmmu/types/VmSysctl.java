package org.jmmu.types;

/**
 * Settings of one machine that its system calls read anew each time; set before the machine is
 * used. Names and defaults are those of {@code /proc/sys/vm}.
 */
public final class VmSysctl {
  /** Values of {@link #overcommitMemory}. */
  public static final int OVERCOMMIT_GUESS = 0;

  public static final int OVERCOMMIT_ALWAYS = 1;
  public static final int OVERCOMMIT_NEVER = 2;

  /** How strictly the sum of private writable mappings is held below what memory can back. */
  public int overcommitMemory = OVERCOMMIT_GUESS;

  /** Percent of memory that {@link #OVERCOMMIT_NEVER} lets processes commit to. */
  public int overcommitRatio = 50;

  /** Most VMAs of one address space. */
  public int maxMapCount = 65_530;

  /** First address that a process without privileges may map, in bytes. */
  public long mmapMinAddr = 65_536;

  /** Huge pages that the pool may have beyond its own while they are in use. */
  public long nrOvercommitHugepages;

  /** Gap below a stack that placement and growth leave free, in pages. */
  public long stackGuardGap = 256;
}
