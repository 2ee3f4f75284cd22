package org.jmmu.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The option {@code --json}, the same for every command that has a result. */
final class JsonFile {
  @Option(names = "--json", paramLabel = "FILE", description = "Writes the result for programs.")
  private @Nullable Path file;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  /** Returns if the result, should one be asked for, can be written. */
  void check() {
    if (file != null) {
      try {
        OutputPath.checkFile(file);
      } catch (IOException e) {
        throw bad(file, e);
      }
    }
  }

  /** Writes the result if it was asked for. */
  void write(Supplier<String> text) {
    if (file != null) {
      try {
        Files.writeString(file, text.get());
      } catch (IOException e) {
        throw bad(file, e);
      }
    }
  }

  private ParameterException bad(Path path, IOException e) {
    return new ParameterException(
        command.commandLine(), "cannot write --json " + path + ": " + OutputPath.reason(e));
  }
}
