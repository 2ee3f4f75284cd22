package org.jmmu.hunt;

/**
 * The machine that a hunt ran on: other hardware may show other outcomes.
 *
 * @param cpus as many as this JVM may use
 * @param arch the instruction set
 * @param os the operating system and its version
 * @param jvm the JVM and its version
 */
public record Host(int cpus, String arch, String os, String jvm) {
  /** This one. */
  public static Host here() {
    return new Host(
        Runtime.getRuntime().availableProcessors(),
        System.getProperty("os.arch"),
        System.getProperty("os.name") + " " + System.getProperty("os.version"),
        System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"));
  }
}
