package org.jmmu.cli;

import java.util.Objects;
import picocli.CommandLine.IVersionProvider;

/** The version that the build wrote into the jar's manifest. */
final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() {
    String version = Version.class.getPackage().getImplementationVersion();
    return new String[] {
      "jmmu " + Objects.requireNonNullElse(version, "(not from a jar)"),
      "Java " + Runtime.version(),
    };
  }
}
