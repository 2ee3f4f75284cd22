package org.jmmu.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command line: hunts the races of the emulator. */
@Command(
    name = "jmmu",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description = "An emulator of the x86-64 MMU and of Linux mm code that races over page tables.")
public final class Jmmu {
  private Jmmu() {}

  /** Runs the command that {@code args} name, and exits with what it says. */
  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  static CommandLine commandLine() {
    return new CommandLine(new Jmmu());
  }
}
