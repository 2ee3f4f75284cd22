package org.jmmu.explain;

import java.util.ArrayList;
import java.util.List;

/** An explanation for the terminal: a column per thread, what changed below each step. */
public final class TextExplanation {
  private TextExplanation() {}

  /** The lines to print. */
  public static List<String> lines(Explanation explanation) {
    List<String> lines = new ArrayList<>();
    if (!explanation.start().isEmpty()) {
      lines.add("At the start:");
      explanation.start().forEach((name, value) -> lines.add("  " + name + ": " + value));
      lines.add("");
    }
    int width = 4;
    for (Event event : explanation.events()) {
      width = Math.max(width, event.where().length() + 2);
    }
    lines.add(row("", explanation.threads(), width));
    String last = "";
    for (Event event : explanation.events()) {
      if (event.changes().isEmpty() && !isStop(event)) {
        continue; // nobody sees it
      }
      boolean newTurn = !event.thread().equals(last);
      last = event.thread();
      List<String> cells = new ArrayList<>();
      for (String thread : explanation.threads()) {
        cells.add(thread.equals(event.thread()) ? event.where() : "");
      }
      lines.add(row(newTurn ? ">" : "", cells, width));
      event.changes().forEach(change -> lines.add("       " + change));
    }
    lines.add("");
    lines.add("At the end: " + (explanation.what().isEmpty() ? "sound" : explanation.what()));
    return List.copyOf(lines);
  }

  private static boolean isStop(Event event) {
    return event.where().equals("end") || event.where().startsWith("waits for ");
  }

  private static String row(String mark, List<String> cells, int width) {
    StringBuilder line = new StringBuilder("%-2s".formatted(mark));
    cells.forEach(cell -> line.append(cell).repeat(' ', Math.max(1, width - cell.length())));
    return line.toString().stripTrailing();
  }
}
