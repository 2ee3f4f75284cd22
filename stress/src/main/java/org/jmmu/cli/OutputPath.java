package org.jmmu.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * Says before the work, rather than after it, that a result cannot be written where it was asked
 * for. It really writes, because permissions alone do not tell.
 */
final class OutputPath {
  private OutputPath() {}

  /** Returns if {@code file} can be written; what is in it stays. */
  static void checkFile(Path file) throws IOException {
    if (Files.exists(file)) {
      if (Files.isDirectory(file) || !Files.isWritable(file)) {
        throw new IOException(Files.isDirectory(file) ? "it is a directory" : "it is read-only");
      }
      return;
    }
    Path parent = file.toAbsolutePath().getParent();
    checkDirectory(parent == null ? file.toAbsolutePath() : parent);
  }

  /** Makes the directory {@code path} if there is none. */
  static void makeDirectory(Path path) throws IOException {
    Files.createDirectories(path);
    checkDirectory(path);
  }

  private static void checkDirectory(Path path) throws IOException {
    Files.delete(Files.createTempFile(path, "jmmu", null));
  }

  /** Why, in words: the message of most file system exceptions is only the path. */
  static String reason(IOException e) {
    return switch (e) {
      case AccessDeniedException _ -> "access denied";
      case NoSuchFileException _ -> "no such directory";
      case FileAlreadyExistsException _ -> "there is a file of that name";
      case FileSystemException other when other.getReason() != null -> other.getReason();
      default -> String.valueOf(e.getMessage());
    };
  }
}
