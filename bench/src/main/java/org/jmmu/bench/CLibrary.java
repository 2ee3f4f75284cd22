package org.jmmu.bench;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** C code to measure against, compiled by the host's gcc when a benchmark starts. */
@SuppressWarnings("restricted") // loads what it has compiled
final class CLibrary {
  private final SymbolLookup symbols;

  private CLibrary(SymbolLookup symbols) {
    this.symbols = symbols;
  }

  /**
   * Compiles and loads a resource of this package.
   *
   * @throws IllegalStateException if there is no gcc or it fails; JMH prints the message and goes
   *     on with the next benchmark
   */
  static CLibrary compile(String source) {
    Path library = gcc(source, ".so", "-shared", "-fPIC");
    return new CLibrary(SymbolLookup.libraryLookup(library, Arena.global()));
  }

  /**
   * Compiles a resource of this package.
   *
   * @return the program
   * @throws IllegalStateException if there is no gcc or it fails
   */
  static Path compileProgram(String source) {
    return gcc(source, ".out", "-pthread");
  }

  /** Whether there is a compiler. */
  static boolean canCompile() {
    try {
      return new ProcessBuilder("gcc", "--version").redirectErrorStream(true).start().waitFor()
          == 0;
    } catch (IOException _) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static Path gcc(String source, String suffix, String... options) {
    try {
      Path directory = Files.createTempDirectory("jmmu-bench");
      Path c = directory.resolve(source);
      Path result = directory.resolve(source + suffix);
      try (InputStream in = CLibrary.class.getResourceAsStream(source)) {
        Files.copy(Objects.requireNonNull(in, source), c);
      }
      List<String> command = new ArrayList<>(List.of("gcc", "-O2"));
      command.addAll(List.of(options));
      command.addAll(List.of("-o", result.toString(), c.toString()));
      int exit = new ProcessBuilder(command).inheritIO().start().waitFor();
      if (exit != 0) {
        throw new IllegalStateException("skipped: gcc exited with " + exit);
      }
      return result;
    } catch (IOException e) {
      throw new IllegalStateException("skipped: no C to compare with, " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  MethodHandle function(String name, FunctionDescriptor type) {
    return Linker.nativeLinker().downcallHandle(symbols.findOrThrow(name), type);
  }
}
