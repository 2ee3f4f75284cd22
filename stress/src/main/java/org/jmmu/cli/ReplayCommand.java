package org.jmmu.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jmmu.replay.BadInputException;
import org.jmmu.replay.Replay;
import org.jmmu.replay.ReplayResult;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Replays a real program's memory calls and compares the maps at the end. */
@Command(
    name = "replay",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description =
        "Replays the memory calls of the first process in the log of strace -f -y -o TRACE, and"
            + " compares results and final maps with Linux's. Prints calls that ended otherwise,"
            + " what could not be replayed, a diff of the maps (- Linux, + here; device and inode"
            + " are not compared), and how many lines are equal.")
final class ReplayCommand implements Callable<Integer> {
  @Parameters(paramLabel = "TRACE.strace", description = "The log.")
  private Path trace = Path.of("");

  @Option(
      names = "--start",
      required = true,
      paramLabel = "START.maps",
      description = "/proc/PID/maps of the process right after its execve.")
  private Path start = Path.of("");

  @Option(
      names = "--expect",
      required = true,
      paramLabel = "END.maps",
      description =
          "/proc/PID/maps at its end, or where the log says that it opened them for the last"
              + " time.")
  private Path expect = Path.of("");

  @Option(
      names = "--place",
      description =
          "Lets the emulator choose addresses where Linux did, instead of taking Linux's, and"
              + " says how many are equal; 99 % must be.")
  private boolean place;

  @Mixin private JsonFile json = new JsonFile();

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    json.check();
    ReplayResult result;
    try {
      result = new Replay(trace, start, expect).run(place);
    } catch (BadInputException e) {
      throw bad(String.valueOf(e.getMessage()));
    } catch (FileSystemException e) {
      throw bad("cannot read " + e.getFile() + ": " + reason(e));
    } catch (IOException e) {
      throw bad("cannot read: " + OutputPath.reason(e));
    }
    json.write(() -> result.json(trace.toString()));
    PrintWriter out = spec.commandLine().getOut();
    result.lines().forEach(out::println);
    out.flush();
    return result.asExpected() ? 0 : 1;
  }

  private static String reason(FileSystemException e) {
    return e instanceof NoSuchFileException ? "no such file" : OutputPath.reason(e);
  }

  private ParameterException bad(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
