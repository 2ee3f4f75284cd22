package org.jmmu.hunt;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * A directory for what jcstress unpacks: the native library that binds threads to CPUs. jcstress
 * would leave it in the user's cache; this one goes away, when the hunt is interrupted too.
 */
final class Scratch implements AutoCloseable {
  private static final String WHERE_TO_UNPACK = "jna.tmpdir";

  private final Path directory = Files.createTempDirectory("jmmu-hunt");
  private final Thread atExit = new Thread(this::delete, "delete-scratch");

  Scratch() throws IOException {
    System.setProperty(WHERE_TO_UNPACK, directory.toString());
    Runtime.getRuntime().addShutdownHook(atExit);
  }

  private void delete() {
    // One level only: nothing makes directories in here.
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.delete(file);
      }
      Files.delete(directory);
    } catch (IOException e) {
      System.err.println("jmmu: cannot delete " + directory + ": " + e.getMessage());
    }
  }

  @Override
  public void close() {
    Runtime.getRuntime().removeShutdownHook(atExit);
    System.clearProperty(WHERE_TO_UNPACK);
    delete();
  }
}
