package org.jmmu.cli;

import java.lang.reflect.Method;

/**
 * The jar's main class. It is compiled for Java 8, so that an older JVM can load it and say what is
 * wrong, instead of dying with UnsupportedClassVersionError.
 */
public final class Launcher {
  private static final int OLDEST = 25;

  private Launcher() {}

  /** Starts the command line, or says that this JVM is too old and exits with 2. */
  public static void main(String[] args) throws ReflectiveOperationException {
    String running = System.getProperty("java.specification.version");
    // Java 8 and older call themselves 1.8, and so on.
    int feature = running.startsWith("1.") ? 1 : Integer.parseInt(running);
    if (feature < OLDEST) {
      System.err.println("jmmu needs Java " + OLDEST + " or later, this is Java " + running);
      System.exit(2);
    }
    // By name: this class must not link against classes of a newer format.
    Method main = Class.forName("org.jmmu.cli.Jmmu").getMethod("main", String[].class);
    main.invoke(null, (Object) args);
  }
}
