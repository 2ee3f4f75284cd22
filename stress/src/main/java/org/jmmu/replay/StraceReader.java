package org.jmmu.replay;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads a log of {@code strace -f -y}: joins calls that were interrupted by other tasks' lines, and
 * finds out who made whom.
 *
 * <p>A call takes effect somewhere between its first line and its last. Calls that give something
 * up (memory, a descriptor) and those that make a task count from the first line: others may use
 * what became free, or the child may run, before the call has returned. All others count from the
 * last one.
 */
final class StraceReader {
  private static final Pattern LINE =
      Pattern.compile("(\\d{1,9}) +(?:\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)? |\\d+\\.\\d+ )?(.*)");
  private static final Pattern UNFINISHED = Pattern.compile("(.*?),? ?<unfinished \\.\\.\\.>");
  private static final Pattern RESUMED = Pattern.compile("<\\.\\.\\. ([\\w?]+) resumed>(.*)");
  private static final Pattern DIED = Pattern.compile("\\+\\+\\+ (?:exited|killed) .*");
  private static final Pattern SIGNAL_OR_NOTE = Pattern.compile("(?:---|\\+\\+\\+) .*");

  private record Pending(int line, int slot, String text) {}

  private final String file;
  private final List<@Nullable TraceEvent> slots = new ArrayList<>();
  private final Map<Integer, Task> live = new HashMap<>();
  private final Map<Integer, Task> deadUnbound = new HashMap<>();
  private final Map<Task, Pending> pending = new HashMap<>();
  private int line;
  private @Nullable Task first;
  private boolean firstEnded;

  private StraceReader(String file) {
    this.file = file;
  }

  /**
   * @param file named in messages
   * @throws BadInputException if it is not the whole log of a program
   */
  static List<TraceEvent> read(String file, List<String> lines) throws BadInputException {
    StraceReader reader = new StraceReader(file);
    for (String each : lines) {
      reader.line++;
      reader.add(each);
    }
    if (reader.first == null) {
      throw new BadInputException(file, "empty, where the output of strace -f -y is expected");
    }
    if (!reader.firstEnded) {
      throw new BadInputException(
          file, lines.size(), "ends before process " + reader.first.pid + " has");
    }
    return reader.slots.stream().filter(Objects::nonNull).map(Objects::requireNonNull).toList();
  }

  private void add(String text) throws BadInputException {
    Matcher matcher = LINE.matcher(text);
    if (!matcher.matches()) {
      throw bad("not a line of strace -f -y -o: " + Excerpt.of(text));
    }
    String rest = matcher.group(2);
    if (first == null && !rest.startsWith("execve(")) {
      throw bad("a log starts with the execve of its program, not with " + Excerpt.of(text));
    }
    Task task = live.computeIfAbsent(Integer.valueOf(matcher.group(1)), Task::new);
    if (first == null) {
      first = task;
    }
    Matcher unfinished = UNFINISHED.matcher(rest);
    Matcher resumed = RESUMED.matcher(rest);
    if (DIED.matcher(rest).matches()) {
      died(task);
    } else if (SIGNAL_OR_NOTE.matcher(rest).matches()) {
      return;
    } else if (resumed.matches()) {
      resume(task, resumed.group(1), resumed.group(2));
    } else if (unfinished.matches()) {
      pending.put(task, new Pending(line, reserve(), unfinished.group(1)));
    } else {
      finish(task, new Pending(line, reserve(), rest), reserve());
    }
  }

  private int reserve() {
    slots.add(null);
    return slots.size() - 1;
  }

  private void resume(Task task, String name, String text) throws BadInputException {
    Pending start = pending.remove(task);
    if (start == null) {
      throw bad(name + " resumes that never started");
    }
    String rest = text.strip();
    String joint = start.text().endsWith("(") || rest.startsWith(")") ? "" : ", ";
    String head = start.text();
    String tail = rest.startsWith(",") ? rest.substring(1) : rest;
    finish(task, new Pending(start.line(), start.slot(), head + joint + tail), reserve());
  }

  private void finish(Task task, Pending start, int lastSlot) throws BadInputException {
    if (start.text().startsWith("???(")) {
      return; // the task was gone before strace could ask what it called
    }
    SystemCall call = CallParser.parse(start.text());
    if (call == null) {
      throw bad("not a whole call: " + Excerpt.of(start.text()));
    }
    switch (call.name()) {
      case "fork", "vfork", "clone", "clone3" -> made(task, start, call);
      case "munmap", "close", "shmdt" -> set(start.slot(), task, start.line(), call);
      case "exit_group" -> {
        firstEnded |= task == first;
        set(lastSlot, task, start.line(), call);
      }
      default -> set(lastSlot, task, start.line(), call);
    }
  }

  private void set(int slot, Task task, int firstLine, SystemCall call) {
    slots.set(slot, new TraceEvent.Call(firstLine, task, call));
  }

  private void made(Task parent, Pending start, SystemCall call) {
    if (!call.succeeded()) {
      set(start.slot(), parent, start.line(), call);
      return;
    }
    int pid = (int) Values.leadingNumber(call.result());
    String all = call.toString();
    boolean vfork = call.name().equals("vfork");
    Task.Clone how =
        new Task.Clone(parent, vfork || all.contains("CLONE_VM"), all.contains("CLONE_FILES"));
    Task child = live.get(pid);
    if (child == null || child.isBound()) {
      child = deadUnbound.remove(pid);
    }
    if (child == null) {
      child = new Task(pid);
      live.put(pid, child);
    }
    child.bind(how);
    slots.set(start.slot(), new TraceEvent.Born(start.line(), parent, call, child, how));
  }

  private void died(Task task) {
    live.remove(task.pid);
    pending.remove(task);
    if (!task.isBound()) {
      deadUnbound.put(task.pid, task);
    }
    firstEnded |= task == first;
    slots.add(new TraceEvent.Died(line, task));
  }

  private BadInputException bad(String what) {
    return new BadInputException(file, line, what);
  }
}
