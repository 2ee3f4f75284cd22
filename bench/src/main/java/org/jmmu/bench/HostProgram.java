package org.jmmu.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The host kernel's side where it takes a process other than a JVM: forks, whose time depends on
 * everything that is mapped, and batches too small to be timed from Java.
 */
final class HostProgram {
  private final Path program = CLibrary.compileProgram("host.c");

  /**
   * Runs all operations once.
   *
   * @return nanoseconds by operation
   */
  Map<String, Double> run() throws IOException {
    Process process =
        new ProcessBuilder(program.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      int exit = process.waitFor();
      if (exit != 0) {
        throw new IOException("the host kernel's side ended with " + exit);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    Map<String, Double> figures = new LinkedHashMap<>();
    output
        .lines()
        .map(line -> line.split(" ", 2))
        .forEach(pair -> figures.put(pair[0], Double.parseDouble(pair[1])));
    return figures;
  }
}
