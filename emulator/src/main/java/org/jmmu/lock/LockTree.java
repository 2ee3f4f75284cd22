package org.jmmu.lock;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** A lock order, parsed from the text of a {@link LockOrder}. Immutable. */
final class LockTree {
  private static final Map<String, LockClass> BY_NAME =
      Arrays.stream(LockClass.values()).collect(Collectors.toMap(LockClass::toString, c -> c));

  private final Map<LockClass, Set<LockClass>> outer = new EnumMap<>(LockClass.class);

  private record Node(LockClass lockClass, int indent) {}

  /**
   * @throws IllegalArgumentException naming the line that does not parse, or the class that is
   *     missing
   */
  LockTree(String text) {
    Deque<Node> branch = new ArrayDeque<>();
    for (String line : text.lines().toList()) {
      String code = line.split("#", 2)[0].stripTrailing();
      if (!code.isBlank()) {
        add(branch, code);
      }
    }
    for (LockClass lockClass : LockClass.values()) {
      if (!outer.containsKey(lockClass)) {
        throw new IllegalArgumentException("no line for " + lockClass);
      }
    }
  }

  private void add(Deque<Node> branch, String line) {
    LockClass lockClass = BY_NAME.get(line.strip());
    if (lockClass == null) {
      throw new IllegalArgumentException("no lock class is called \"" + line.strip() + "\"");
    }
    int indent = line.length() - line.stripLeading().length();
    while (!branch.isEmpty() && branch.peek().indent() >= indent) {
      branch.pop();
    }
    Set<LockClass> above = outer.computeIfAbsent(lockClass, c -> EnumSet.noneOf(LockClass.class));
    for (Node node : branch) {
      above.add(node.lockClass());
    }
    branch.push(new Node(lockClass, indent));
  }

  /** Whether {@code inner} may be taken while {@code held} is held. */
  boolean allows(LockClass held, LockClass inner) {
    return outer.getOrDefault(inner, Set.of()).contains(held);
  }
}
