package org.jmmu.hunt;

import java.lang.management.ManagementFactory;

/**
 * The machine that a hunt ran on: other hardware may show other outcomes.
 *
 * @param cpus as many as this JVM may use
 * @param arch the instruction set
 * @param os the operating system and its version
 * @param jvm the JVM and its version
 * @param load threads that ran or wanted to, averaged over the last minute; below 0 if unknown
 */
public record Host(int cpus, String arch, String os, String jvm, double load) {
  /** This one, now. */
  public static Host here() {
    return new Host(
        Runtime.getRuntime().availableProcessors(),
        System.getProperty("os.arch"),
        System.getProperty("os.name") + " " + System.getProperty("os.version"),
        System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"),
        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
  }

  /**
   * Whether others compete for the CPUs. The actors of a test race only while both run, and a hunt
   * alone has about one thread per CPU.
   */
  public boolean busy() {
    return load > 2.0 * cpus;
  }
}
