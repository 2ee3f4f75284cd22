package org.jmmu.hunt;

import java.util.ArrayList;
import java.util.List;

/** A table of plain text: columns as wide as they must be, two blanks between them. */
public final class TextTable {
  /** On which side of its column a cell stands. */
  public enum Side {
    /** Words. */
    LEFT,
    /** Numbers. */
    RIGHT
  }

  private final List<Side> sides = new ArrayList<>();
  private final List<String> heads = new ArrayList<>();
  private final List<List<String>> rows = new ArrayList<>();

  /** Adds a column on the right. */
  public TextTable column(String head, Side side) {
    heads.add(head);
    sides.add(side);
    return this;
  }

  /** Adds a row with one cell per column. */
  public void row(String... cells) {
    row(List.of(cells));
  }

  /** Adds a row with one cell per column. */
  public void row(List<String> cells) {
    if (cells.size() != heads.size()) {
      throw new IllegalArgumentException(cells.size() + " cells for " + heads.size() + " columns");
    }
    rows.add(List.copyOf(cells));
  }

  /** The lines, head first, each without blanks at its end. */
  public List<String> lines() {
    List<List<String>> all = new ArrayList<>();
    all.add(heads);
    all.addAll(rows);
    int[] widths = new int[heads.size()];
    for (List<String> row : all) {
      for (int c = 0; c < widths.length; c++) {
        widths[c] = Math.max(widths[c], row.get(c).length());
      }
    }
    return all.stream().map(row -> line(row, widths)).toList();
  }

  private String line(List<String> row, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int c = 0; c < widths.length; c++) {
      String blanks = " ".repeat(widths[c] - row.get(c).length());
      line.append(c == 0 ? "" : "  ");
      line.append(sides.get(c) == Side.RIGHT ? blanks + row.get(c) : row.get(c) + blanks);
    }
    return line.toString().stripTrailing();
  }
}
