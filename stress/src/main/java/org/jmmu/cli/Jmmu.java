package org.jmmu.cli;

import org.jmmu.cli.HuntCommand.Hunter;
import org.jmmu.hunt.Catalogue;
import org.jmmu.hunt.Hunt;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The command line. Every command exits with 0 if all was as expected, 1 if not, and 2 with one
 * line on standard error if it was asked for something impossible.
 */
@Command(
    name = "jmmu",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    description = "An emulator of the x86-64 MMU and of Linux mm code that races over page tables.",
    footer = {"", "Exit codes: 0 as expected, 1 not as expected, 2 bad arguments or input."})
public final class Jmmu implements Runnable {
  @Spec private CommandSpec spec;

  private Jmmu() {}

  /** Runs the command that {@code args} name, and exits with what it says. */
  public static void main(String[] args) {
    System.exit(commandLine(Catalogue.load(), Hunt::run).execute(args));
  }

  static CommandLine commandLine(Catalogue catalogue, Hunter hunter) {
    return new CommandLine(new Jmmu())
        .addSubcommand(new RacesCommand(catalogue))
        .addSubcommand(new HuntCommand(catalogue, hunter))
        .addSubcommand(new ExplainCommand(catalogue))
        .addSubcommand(new WalkCommand())
        .addSubcommand(new ReplayCommand())
        .addSubcommand(new SoakCommand(catalogue))
        .setParameterExceptionHandler(Jmmu::complain);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "no command; try --help");
  }

  private static int complain(ParameterException problem, String[] args) {
    CommandLine command = problem.getCommandLine();
    String message = problem.getMessage();
    if (problem instanceof UnmatchedArgumentException unmatched
        && !unmatched.isUnknownOption()
        && !command.getSubcommands().isEmpty()) {
      message = "unknown command '" + unmatched.getUnmatched().getFirst() + "'; try --help";
    }
    command.getErr().println(command.getCommandSpec().qualifiedName() + ": " + message);
    return command.getCommandSpec().exitCodeOnInvalidInput();
  }
}
