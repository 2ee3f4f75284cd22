package org.jmmu;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** The parsed text of {@link Layers}: which package may import which. */
final class LayerTree {
  private static final int INDENT = 2;
  private static final String EACH = ".*";

  /** For each package all packages below it; transitive. */
  private final Map<String, Set<String>> below = new TreeMap<>();

  private LayerTree() {}

  /**
   * Parses the text.
   *
   * @throws IllegalArgumentException if it is not a tree, or a package stands below itself
   */
  static LayerTree parse(String text) {
    LayerTree tree = new LayerTree();
    List<String> path = new ArrayList<>(); // from the root to the line before
    for (String line : text.lines().toList()) {
      int comment = line.indexOf('#');
      String code = (comment < 0 ? line : line.substring(0, comment)).stripTrailing();
      if (!code.isEmpty()) {
        String name = code.stripLeading();
        int spaces = code.length() - name.length();
        if (spaces % INDENT != 0 || spaces / INDENT > path.size() || name.contains(" ")) {
          throw new IllegalArgumentException("layers: '" + code + "'");
        }
        path.subList(spaces / INDENT, path.size()).clear();
        path.forEach(above -> tree.under(above).add(name));
        path.add(name);
        tree.under(name);
      }
    }
    tree.close();
    return tree;
  }

  /** A package that stands at several places may import what stands below any of them. */
  private void close() {
    for (String middle : packages()) {
      for (String upper : packages()) {
        if (under(upper).contains(middle)) {
          under(upper).addAll(under(middle));
        }
      }
    }
    for (String name : packages()) {
      if (under(name).contains(name)) {
        throw new IllegalArgumentException("layers: " + name + " stands below itself");
      }
    }
  }

  private Set<String> under(String name) {
    return below.computeIfAbsent(name, _ -> new TreeSet<>());
  }

  /** All packages of the text, as they stand there. */
  Set<String> packages() {
    return Set.copyOf(below.keySet());
  }

  /** The entry of the text that {@code name} falls under; empty if there is none. */
  String entryOf(String name) {
    if (below.containsKey(name)) {
      return name;
    }
    int dot = name.lastIndexOf('.');
    String each = dot < 0 ? "" : name.substring(0, dot) + EACH;
    return below.containsKey(each) ? each : "";
  }

  /** Whether the one package may import the other; both named relative to org.jmmu. */
  boolean allows(String from, String to) {
    String entry = entryOf(from);
    return from.equals(to) || (!entry.isEmpty() && under(entry).contains(entryOf(to)));
  }
}
