package org.jmmu.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jmmu.hw.CpuModel.Vendor;
import org.jmmu.hw.vectors.MalformedVectorException;
import org.jmmu.hw.vectors.PagingVector;
import org.jmmu.hw.vectors.VectorFile;
import org.jmmu.hw.vectors.VectorRunner;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Runs a file of paging vectors and says which of them the emulated CPU got wrong. */
@Command(
    name = "walk",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description =
        "Runs paging vectors through the MMU: every access must fault or not, and change accessed"
            + " and dirty bits, as its row says. Prints the first mismatches and how many passed.")
final class WalkCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "VECTORS.csv[.gz]",
      description = "The vectors, gzipped or plain; the content tells, not the name.")
  private Path file = Path.of("");

  @Option(
      names = "--amd",
      description =
          "Follows AMD where it differs from Intel: bit 8 of a PML4 entry is reserved. The rows"
              + " themselves say what they expect then.")
  private boolean amd;

  @Mixin private JsonFile json = new JsonFile();

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    json.check();
    Vendor vendor = amd ? Vendor.AMD : Vendor.INTEL;
    PrintWriter out = spec.commandLine().getOut();
    WalkResult result = new WalkResult();
    try {
      walk(new VectorRunner(vendor), result);
    } catch (MalformedVectorException e) {
      throw bad(String.valueOf(e.getMessage()));
    } catch (IOException e) {
      throw bad("cannot read " + file + ": " + reason(e));
    } finally {
      // What was found before a bad line was found for good.
      result.mismatches().forEach(out::println);
      out.flush();
    }
    json.write(() -> result.json(file.toString(), vendor));
    out.println(result.summary());
    out.flush();
    return result.asExpected() ? 0 : 1;
  }

  private void walk(VectorRunner runner, WalkResult result) throws IOException {
    try (VectorFile vectors = VectorFile.open(file)) {
      WalkProgress progress = new WalkProgress(WalkProgress.sizeOf(file));
      if (!ProgressLine.hasTerminal()) {
        walk(vectors, runner, result, progress);
        return;
      }
      PrintStream terminal = System.out;
      try (ProgressLine _ = new ProgressLine(terminal, progress)) {
        walk(vectors, runner, result, progress);
      }
    }
  }

  private static void walk(
      VectorFile vectors, VectorRunner runner, WalkResult result, WalkProgress progress)
      throws IOException {
    for (PagingVector vector = vectors.next(); vector != null; vector = vectors.next()) {
      result.add(vector.id(), runner.run(vector));
      progress.row(vectors.position(), result);
    }
  }

  private String reason(IOException e) {
    if (e instanceof NoSuchFileException) {
      return "no such file";
    }
    return Files.isDirectory(file) ? "it is a directory" : OutputPath.reason(e);
  }

  private ParameterException bad(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
