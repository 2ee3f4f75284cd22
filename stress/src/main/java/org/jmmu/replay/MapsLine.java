package org.jmmu.replay;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One line of {@code /proc/PID/maps}, without device and inode: those say where a file lies, not
 * what is mapped.
 *
 * @param perms as {@code rw-p}
 * @param offset in bytes
 * @param name empty for anonymous memory
 */
public record MapsLine(long start, long end, String perms, long offset, String name) {
  private static final Pattern FORM =
      Pattern.compile(
          "([0-9a-f]{1,16})-([0-9a-f]{1,16}) ([r-][w-][x-][sp]) ([0-9a-f]{1,16})"
              + " [0-9a-f]+:[0-9a-f]+ \\d+ *(.*)");

  private static final String VSYSCALL = "[vsyscall]";
  private static final String DELETED = " (deleted)";

  /** Null if {@code line} is not one of maps. */
  static @Nullable MapsLine parse(String line) {
    Matcher matcher = FORM.matcher(line);
    if (!matcher.matches()) {
      return null;
    }
    long start = Long.parseUnsignedLong(matcher.group(1), 16);
    long end = Long.parseUnsignedLong(matcher.group(2), 16);
    if (Long.compareUnsigned(start, end) >= 0) {
      return null;
    }
    long offset = Long.parseUnsignedLong(matcher.group(4), 16);
    return new MapsLine(start, end, matcher.group(3), offset, matcher.group(5));
  }

  /**
   * @param file named in messages
   * @throws BadInputException if there is no line, or one is not of maps
   */
  static List<MapsLine> parseAll(String file, List<String> text) throws BadInputException {
    List<MapsLine> lines = new ArrayList<>(text.size());
    for (String each : text) {
      MapsLine line = parse(each);
      if (line == null) {
        throw new BadInputException(
            file, lines.size() + 1, "not a line of /proc/PID/maps: " + Excerpt.of(each));
      }
      if (!lines.isEmpty() && Long.compareUnsigned(lines.getLast().end(), line.start()) > 0) {
        throw new BadInputException(file, lines.size() + 1, "below the end of the line before");
      }
      lines.add(line);
    }
    if (lines.isEmpty()) {
      throw new BadInputException(file, "empty, where /proc/PID/maps is expected");
    }
    return lines;
  }

  boolean isPrivate() {
    return perms.charAt(3) == 'p';
  }

  /** The page with the old system call entries, which lies outside of user space. */
  boolean isGate() {
    return name.equals(VSYSCALL);
  }

  /** Made by the kernel, like {@code [vdso]}; file names are absolute. */
  boolean isSpecial() {
    return name.startsWith("[");
  }

  /**
   * Whether {@code other} is this mapping, or was until its file was deleted: that happens without
   * a memory call, so that a log may not show it.
   */
  boolean matches(MapsLine other) {
    boolean sameName = name.equals(other.name) || name.equals(other.name + DELETED);
    return sameName
        && equals(new MapsLine(other.start, other.end, other.perms, other.offset, name));
  }

  @Override
  public String toString() {
    String range = "%08x-%08x %s %08x".formatted(start, end, perms, offset);
    return name.isEmpty() ? range : range + " " + name;
  }
}
