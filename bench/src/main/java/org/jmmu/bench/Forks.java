package org.jmmu.bench;

/** Flags of the JVMs that benchmarks run in. */
final class Forks {
  /** The emulator and the host's side call the C library. */
  static final String NATIVE_ACCESS = "--enable-native-access=ALL-UNNAMED";

  /** Frames are not poisoned when freed: a check for tests, which writes 4 KiB. */
  static final String NO_FRAME_CHECKS = "-Djmmu.checks=false";

  private Forks() {}
}
