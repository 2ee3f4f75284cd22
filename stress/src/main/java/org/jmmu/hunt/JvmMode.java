package org.jmmu.hunt;

import java.util.List;

/**
 * The kinds of JVM that a variant is tested in, in turn. Both compile, as nothing but C2's code is
 * fast enough to hit a narrow window often.
 */
enum JvmMode {
  /** As a user's JVM: interpreter, then C1, then C2. */
  PLAIN,
  /** C2 orders independent instructions at random, as any compiler is free to. */
  SHUFFLED;

  /** The emulator reaches its memory through the foreign-function API. */
  private static final String NATIVE_ACCESS = "--enable-native-access=ALL-UNNAMED";

  static JvmMode ofFork(int fork) {
    return values()[fork % values().length];
  }

  List<String> jvmArgs() {
    return switch (this) {
      case PLAIN -> List.of(NATIVE_ACCESS);
      case SHUFFLED ->
          List.of(
              NATIVE_ACCESS, "-XX:+UnlockDiagnosticVMOptions", "-XX:+StressLCM", "-XX:+StressGCM");
    };
  }
}
