package org.jmmu.replay;

import java.util.HashMap;
import java.util.Map;
import org.jmmu.replay.Values.UnknownValueException;
import org.jmmu.sys.Process;
import org.jspecify.annotations.Nullable;

/** Follows which open file each descriptor of a task of the first process means. */
final class DescriptorCalls {
  private final Process process;
  private final ReplayResult result;
  private final TraceFiles files;
  private final Map<Task, FdTable> tables = new HashMap<>();

  DescriptorCalls(Process process, ReplayResult result, TraceFiles files) {
    this.process = process;
    this.result = result;
    this.files = files;
  }

  /** A task with descriptors of its own: none are known yet. */
  void start(Task task) {
    tables.put(task, new FdTable());
  }

  void start(Task task, Task.Clone how) {
    FdTable parents = table(how.parent());
    tables.put(task, how.sharesFiles() ? parents : parents.copy());
  }

  void end(Task task) {
    FdTable table = tables.remove(task);
    if (table != null && !tables.containsValue(table)) {
      table.closeAll(process);
    }
  }

  /** Whether it was a call about descriptors. */
  boolean replay(int line, Task task, SystemCall call) throws UnknownValueException {
    FdTable table = table(task);
    switch (call.name()) {
      case "open", "openat", "openat2", "creat" -> open(table, call);
      case "close" -> closed(table, call.arg(0), call);
      case "close_range" -> closeRange(table, call);
      case "dup" -> copied(table, call);
      case "dup2", "dup3" -> copied(table, call);
      case "fcntl" -> fcntl(table, call);
      case "memfd_create" -> memfdCreate(line, table, call);
      case "ftruncate" -> ftruncate(line, table, call);
      case "fallocate" -> fallocate(line, table, call);
      default -> {
        return false;
      }
    }
    return true;
  }

  /** The emulator's descriptor for one of the log; -1 if that was bad. */
  int fd(Task task, String arg) {
    OpenFile file = file(table(task), arg);
    Descriptor descriptor = Descriptor.parse(arg);
    return file == null || descriptor == null ? -1 : file.fd(process, descriptor.path());
  }

  private FdTable table(Task task) {
    return tables.computeIfAbsent(task, _ -> new FdTable());
  }

  /** Files that came about by calls that the log lacks are known by their paths. */
  private @Nullable OpenFile file(FdTable table, String arg) {
    Descriptor descriptor = Descriptor.parse(arg);
    if (descriptor == null || descriptor.fd() < 0) {
      return null;
    }
    OpenFile file = table.get(descriptor.fd());
    if (descriptor.path().isEmpty() || (file != null && file.isAt(descriptor.path()))) {
      return file;
    }
    OpenFile unseen = new OpenFile(files, descriptor.path(), true, true);
    table.set(process, descriptor.fd(), unseen);
    return unseen;
  }

  private void open(FdTable table, SystemCall call) {
    Descriptor descriptor = call.succeeded() ? Descriptor.parse(call.result()) : null;
    if (descriptor == null) {
      return;
    }
    String flags = String.join(" ", call.args());
    boolean creat = call.name().equals("creat");
    boolean readable = !creat && !flags.contains("O_WRONLY");
    boolean writable = creat || flags.contains("O_WRONLY") || flags.contains("O_RDWR");
    OpenFile file = new OpenFile(files, descriptor.path(), readable, writable);
    table.set(process, descriptor.fd(), file);
  }

  /** A descriptor is gone even if close reports an error. */
  private void closed(FdTable table, String arg, SystemCall call) {
    Descriptor descriptor = Descriptor.parse(arg);
    if (descriptor != null && !call.errno().equals("EBADF")) {
      table.close(process, descriptor.fd());
    }
  }

  private void closeRange(FdTable table, SystemCall call) throws UnknownValueException {
    if (call.succeeded() && call.arg(2).equals("0")) {
      int first = (int) Values.leadingNumber(call.arg(0));
      String last = call.arg(1);
      table.closeRange(
          process, first, last.startsWith("~") ? Integer.MAX_VALUE : (int) Values.of(last));
    }
  }

  private void copied(FdTable table, SystemCall call) {
    Descriptor copy = call.succeeded() ? Descriptor.parse(call.result()) : null;
    OpenFile file = copy == null ? null : file(table, call.arg(0));
    if (copy != null && file != null && table.get(copy.fd()) != file) {
      table.set(process, copy.fd(), file.get());
    }
  }

  private void fcntl(FdTable table, SystemCall call) {
    switch (call.arg(1)) {
      case "F_DUPFD", "F_DUPFD_CLOEXEC" -> copied(table, call);
      case "F_ADD_SEALS" -> result.notModelled("fcntl(F_ADD_SEALS)");
      default -> {}
    }
  }

  private void memfdCreate(int line, FdTable table, SystemCall call) throws UnknownValueException {
    String quoted = call.arg(0);
    if (quoted.length() < 2) {
      throw new UnknownValueException(quoted);
    }
    String name = Escapes.undo(quoted.substring(1, quoted.length() - 1));
    int flags = (int) Values.of(call.arg(1));
    Outcome outcome = Outcome.of(() -> process.memfdCreate(name, flags));
    result.compare(line, call, outcome);
    Descriptor descriptor = call.succeeded() ? Descriptor.parse(call.result()) : null;
    if (descriptor != null && outcome.succeeded()) {
      table.set(
          process, descriptor.fd(), new OpenFile(files, descriptor.path(), (int) outcome.value()));
    }
  }

  /** Sizes matter for memory files; those on disk count as endless. */
  private void ftruncate(int line, FdTable table, SystemCall call) throws UnknownValueException {
    OpenFile file = file(table, call.arg(0));
    if (file != null && file.isMemfd()) {
      int fd = file.fd(process, "");
      long size = Values.of(call.arg(1));
      result.compare(line, call, Outcome.of(() -> process.ftruncate(fd, size)));
    }
  }

  private void fallocate(int line, FdTable table, SystemCall call) throws UnknownValueException {
    OpenFile file = file(table, call.arg(0));
    if (file != null && file.isMemfd()) {
      int fd = file.fd(process, "");
      int mode = (int) Values.of(call.arg(1));
      long offset = Values.of(call.arg(2));
      long length = Values.of(call.arg(3));
      result.compare(line, call, Outcome.of(() -> process.fallocate(fd, mode, offset, length)));
    }
  }
}
