package org.jmmu.replay;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jmmu.mm.Mman;

/**
 * Numbers as strace prints them: decimal, hexadecimal, or names of constants ORed together, with
 * what has no name as a number at the end.
 */
final class Values {
  private static final Pattern LEADING = Pattern.compile("-?(?:0x[0-9a-f]+|\\d+)");
  private static final Pattern COMMENT = Pattern.compile("/\\*.*?\\*/");
  private static final Map<String, Long> CONSTANTS = constants();

  private Values() {}

  /** An argument has no value that is known. */
  static final class UnknownValueException extends Exception {
    private static final long serialVersionUID = 1L;

    UnknownValueException(String text) {
      super(text);
    }
  }

  static long of(String arg) throws UnknownValueException {
    long value = 0;
    for (String part : COMMENT.matcher(arg).replaceAll("").strip().split("\\|", -1)) {
      int shift = part.indexOf("<<");
      value |=
          shift < 0
              ? single(part)
              : single(part.substring(0, shift)) << single(part.substring(shift + 2));
    }
    return value;
  }

  /** The number that {@code text} begins with: a descriptor with its path, a commented result. */
  static long leadingNumber(String text) {
    Matcher matcher = LEADING.matcher(text);
    return matcher.lookingAt() ? number(matcher.group()) : -1;
  }

  private static long single(String text) throws UnknownValueException {
    if (LEADING.matcher(text).matches()) {
      return number(text);
    }
    Long value = CONSTANTS.get(text);
    if (value == null) {
      throw new UnknownValueException(text);
    }
    return value;
  }

  private static long number(String text) {
    if (text.startsWith("0x")) {
      return Long.parseUnsignedLong(text.substring(2), 16);
    }
    return text.startsWith("-") ? -number(text.substring(1)) : Long.parseUnsignedLong(text);
  }

  private static Map<String, Long> constants() {
    Map<String, Long> constants = new HashMap<>();
    for (Field field : Mman.class.getFields()) {
      if (Modifier.isStatic(field.getModifiers()) && field.getType() == int.class) {
        try {
          constants.put(field.getName(), (long) field.getInt(null));
        } catch (IllegalAccessException e) {
          throw new LinkageError("a public constant", e);
        }
      }
    }
    // Names that strace prints and no call of the emulator looks at.
    constants.put("NULL", 0L);
    constants.put("MAP_FILE", 0L);
    constants.put("MAP_UNINITIALIZED", 0x400_0000L);
    constants.put("MAP_HUGE_SHIFT", 26L);
    constants.put("MAP_HUGE_2MB", 21L << 26);
    constants.put("MAP_HUGE_1GB", 30L << 26);
    constants.put("MADV_HWPOISON", 100L);
    constants.put("MADV_SOFT_OFFLINE", 101L);
    constants.put("MADV_GUARD_INSTALL", 102L);
    constants.put("MADV_GUARD_REMOVE", 103L);
    constants.put("MFD_HUGETLB", 4L);
    constants.put("MFD_NOEXEC_SEAL", 8L);
    constants.put("MFD_EXEC", 0x10L);
    return constants;
  }
}
