package org.jmmu.bench;

import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.security.ProtectionDomain;
import org.jspecify.annotations.Nullable;

/**
 * Java agent that loads the emulator without its pause points, to be compared with the emulator as
 * it is: {@code -jvmArgsAppend -javaagent:benchmarks.jar}.
 */
public final class PausePointAgent {
  private static final String PREFIX = "org/jmmu/";

  private PausePointAgent() {}

  public static void premain(@Nullable String args, Instrumentation instrumentation) {
    PausePointRemover remover = new PausePointRemover();
    instrumentation.addTransformer(
        new ClassFileTransformer() {
          @Override
          public byte @Nullable [] transform(
              @Nullable ClassLoader loader,
              @Nullable String name,
              @Nullable Class<?> redefined,
              @Nullable ProtectionDomain domain,
              byte[] classFile) {
            return name != null && name.startsWith(PREFIX)
                ? remove(remover, name, classFile)
                : null;
          }
        });
    Runtime.getRuntime().addShutdownHook(new Thread(() -> report(remover.removed())));
  }

  /** The JVM would go on with the original class and say nothing. */
  private static byte @Nullable [] remove(
      PausePointRemover remover, String name, byte[] classFile) {
    try {
      return remover.remove(classFile);
    } catch (RuntimeException e) {
      System.err.println("pause points cannot be removed from " + name + ": " + e);
      Runtime.getRuntime().halt(1);
      throw e;
    }
  }

  private static void report(int removed) {
    System.err.println("pause points: " + removed + " calls removed");
    if (removed == 0) {
      Runtime.getRuntime().halt(1); // the benchmark would be compared with itself
    }
  }
}
