package org.jmmu.lock;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The parsed text of {@link LockOrder}: which class may be taken while which is held. */
final class LockOrderTree {
  private static final int INDENT = 2;

  /** For each class all classes below it; transitive. */
  private final Map<LockClass, Set<LockClass>> below = new EnumMap<>(LockClass.class);

  private LockOrderTree() {
    for (LockClass cls : LockClass.values()) {
      below.put(cls, EnumSet.noneOf(LockClass.class));
    }
  }

  /**
   * @throws IllegalArgumentException if the text is not a tree of lock classes, lacks one, or puts
   *     one below itself
   */
  static LockOrderTree parse(String text) {
    LockOrderTree tree = new LockOrderTree();
    EnumSet<LockClass> seen = EnumSet.noneOf(LockClass.class);
    List<LockClass> path = new ArrayList<>(); // from the root to the line before
    int lineNumber = 0;
    for (String line : text.lines().toList()) {
      lineNumber++;
      int comment = line.indexOf('#');
      String code = (comment < 0 ? line : line.substring(0, comment)).stripTrailing();
      if (!code.isEmpty()) {
        String name = code.stripLeading();
        int depth = depth(code, code.length() - name.length(), path.size(), lineNumber);
        LockClass cls = lockClass(name, lineNumber);
        path.subList(depth, path.size()).clear();
        path.forEach(ancestor -> tree.under(ancestor).add(cls));
        path.add(cls);
        seen.add(cls);
      }
    }
    Set<LockClass> missing = EnumSet.complementOf(seen);
    if (!missing.isEmpty()) {
      throw new IllegalArgumentException("lock order: no place for " + missing);
    }
    tree.close();
    return tree;
  }

  private static int depth(String code, int spaces, int most, int lineNumber) {
    int depth = spaces / INDENT;
    if (!code.startsWith(" ".repeat(spaces)) || spaces % INDENT != 0 || depth > most) {
      throw new IllegalArgumentException(
          "lock order, line %d: indent by %d spaces per level, one level at a time: '%s'"
              .formatted(lineNumber, INDENT, code));
    }
    return depth;
  }

  private static LockClass lockClass(String name, int lineNumber) {
    try {
      return LockClass.valueOf(name);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "lock order, line %d: '%s' is not a lock class".formatted(lineNumber, name), e);
    }
  }

  /** A class that stands at several places has below it what stands below any of them. */
  private void close() {
    for (LockClass middle : LockClass.values()) {
      for (LockClass upper : LockClass.values()) {
        if (under(upper).contains(middle)) {
          under(upper).addAll(under(middle));
        }
      }
    }
    for (LockClass cls : LockClass.values()) {
      if (under(cls).contains(cls)) {
        throw new IllegalArgumentException("lock order: " + cls + " stands below itself");
      }
    }
  }

  private Set<LockClass> under(LockClass cls) {
    Set<LockClass> set = below.get(cls);
    if (set == null) {
      throw new AssertionError(cls);
    }
    return set;
  }

  /** Whether {@code taken} may be taken, waiting if need be, while {@code held} is held. */
  boolean allows(LockClass held, LockClass taken) {
    return under(held).contains(taken);
  }
}
