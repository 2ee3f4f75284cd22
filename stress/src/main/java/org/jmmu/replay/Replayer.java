package org.jmmu.replay;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jmmu.replay.Values.UnknownValueException;
import org.jmmu.sys.Process;

/**
 * Replays the events of a log: those of every task that shares the first process's address space.
 * Of other processes it matters only when they come and go, because their pages are shared
 * copy-on-write with the first one's.
 */
final class Replayer {
  /**
   * Calls that change no mapping of their process. Names that are neither here nor modelled are
   * reported.
   */
  private static final Set<String> NEUTRAL =
      Set.of(
          ("access arch_prctl bind chdir chmod clock_gettime clock_nanosleep connect epoll_create1"
               + " epoll_ctl epoll_wait epoll_pwait eventfd2 exit exit_group faccessat faccessat2"
               + " fadvise64 fchmod fchmodat fchown fdatasync flock fstat fstatfs fsync futex"
               + " getcwd getdents64 getegid geteuid getgid get_mempolicy getpgid getpgrp getpid"
               + " getppid getpriority getrandom getrlimit getrusage getsid getsockname getsockopt"
               + " gettid gettimeofday getuid getxattr inotify_init1 ioctl kill lgetxattr link"
               + " linkat listen lseek lstat mkdir mkdirat nanosleep newfstatat pidfd_open pipe"
               + " pipe2 poll ppoll pread64 preadv pselect6 pwrite64 pwritev read readlink"
               + " readlinkat readv recvfrom recvmsg rename renameat renameat2 restart_syscall"
               + " rmdir rseq rt_sigaction rt_sigprocmask rt_sigreturn rt_sigsuspend"
               + " rt_sigtimedwait sched_getaffinity sched_getparam sched_getscheduler"
               + " sched_setaffinity sched_yield select sendfile sendmsg sendto set_mempolicy"
               + " set_robust_list set_tid_address setitimer setpgid setpriority setsid setsockopt"
               + " shutdown sigaltstack socket socketpair stat statfs statx symlink sysinfo tgkill"
               + " time timer_create timer_settime times truncate umask uname unlink unlinkat"
               + " utimensat wait4 waitid write writev")
              .split(" "));

  private final String file;
  private final Process process;
  private final ReplayResult result;
  private final DescriptorCalls descriptors;
  private final MemoryCalls memory;
  private final TouchModel touches;
  private final Task first;
  private final Set<Task> members = new HashSet<>(); // share the address space
  private final Map<Task, Process> forked = new HashMap<>();

  Replayer(
      String file,
      Process process,
      Task first,
      DescriptorCalls descriptors,
      MemoryCalls memory,
      TouchModel touches,
      ReplayResult result) {
    this.file = file;
    this.process = process;
    this.first = first;
    this.descriptors = descriptors;
    this.memory = memory;
    this.touches = touches;
    this.result = result;
    members.add(first);
    descriptors.start(first);
  }

  /**
   * @param events behind the execve of the first process
   * @throws BadInputException if the first process becomes another program
   */
  void replay(List<TraceEvent> events) throws BadInputException {
    for (TraceEvent event : events) {
      switch (event) {
        case TraceEvent.Call call -> call(call);
        case TraceEvent.Born born -> born(born);
        case TraceEvent.Died died -> died(died.task());
      }
    }
  }

  private void call(TraceEvent.Call event) throws BadInputException {
    SystemCall call = event.call();
    Task task = event.task();
    if (!call.name().equals("mmap")) { // which says itself where it maps
      touches.nextCall(task, 0);
    }
    if (call.name().equals("execve") || call.name().equals("execveat")) {
      execve(event);
    } else if (members.contains(task) && call.hasResult() && !NEUTRAL.contains(call.name())) {
      result.call();
      try {
        if (!descriptors.replay(event.line(), task, call)
            && !memory.replay(event.line(), task, call)) {
          other(call);
        }
      } catch (UnknownValueException e) {
        result.notModelled(call.name() + " with " + e.getMessage());
      }
    }
  }

  private void other(SystemCall call) {
    switch (call.name()) {
      case "prctl" -> {
        if (call.arg(0).startsWith("PR_SET_VMA") || call.arg(0).startsWith("PR_SET_MM")) {
          result.notModelled("prctl(" + call.arg(0) + ")");
        }
      }
      case "prlimit64", "setrlimit" -> {
        if (!call.arg(call.name().equals("setrlimit") ? 1 : 2).equals("NULL")) {
          result.notModelled(call.name() + "(" + call.arg(1) + ")");
        }
      }
      default -> {
        if (call.succeeded()) {
          result.notModelled(call.name());
        }
      }
    }
  }

  private void execve(TraceEvent.Call event) throws BadInputException {
    Task task = event.task();
    if (!event.call().succeeded()) {
      return;
    }
    if (task == first) {
      throw new BadInputException(
          file,
          event.line(),
          "process "
              + first.pid
              + " runs a second program, whose first maps are not known: cannot be replayed");
    }
    died(task);
  }

  private void born(TraceEvent.Born event) {
    Task child = event.child();
    if (!members.contains(event.task())) {
      return;
    }
    result.call();
    touches.nextCall(event.task(), 0);
    if (event.how().sharesMm()) {
      members.add(child);
      descriptors.start(child, event.how());
    } else {
      Outcome outcome = Outcome.of(() -> forked.put(child, process.fork()) == null ? 0 : 1);
      result.compare(event.line(), event.call(), outcome);
    }
  }

  /** Exited, or left for an address space of its own. */
  private void died(Task task) {
    if (members.remove(task)) {
      descriptors.end(task);
    }
    Process child = forked.remove(task);
    if (child != null) {
      child.exit();
    }
  }
}
