/*
 * The host kernel's side of the differential test: performs sequences of memory calls inside a
 * window of addresses where nothing else is mapped, and says after each call what came of it.
 *
 * The supervisor reads sequences from standard input and writes results to standard output. For each
 * sequence it forks worker 0, whose window is empty; a FORK call makes more workers. The workers
 * share the calls and the results, and take turns: whoever made call n wakes the one that makes
 * call n + 1. A worker may crash or hang: the supervisor reports that as the result of its call.
 */
#include "calls.h"

/* ---- workers ---- */

static void open_views(void);
static void serve(int me) __attribute__((noreturn));

static int do_fork(int me, uint64_t child, uint64_t *value) {
  if (child >= MAX_WORKERS || shared->pids[child] != 0) return KIND_NO_PROCESS;
  int pid = fork();
  if (pid == 0) {
    open_views();
    serve((int)child);
  }
  if (pid < 0) return ended(-1, value);
  shared->pids[child] = pid;
  shared->parents[child] = me;
  return KIND_OK;
}

/* Its memory is gone when this returns. */
static int do_kill(int me, uint64_t child) {
  if (child >= MAX_WORKERS || shared->pids[child] == 0 || shared->parents[child] != me) {
    return KIND_NO_PROCESS;
  }
  kill(shared->pids[child], SIGKILL);
  waitpid(shared->pids[child], NULL, 0);
  shared->pids[child] = 0;
  for (int i = 0; i < MAX_WORKERS; i++) {
    if (shared->parents[i] == (int)child) shared->parents[i] = NOBODY;
  }
  return KIND_OK;
}

static int execute(int me, const struct call *call, uint64_t *value) {
  const uint64_t *args = call->args;
  switch (call->op) {
    case OP_MMAP:
      return do_mmap(args, value);
    case OP_MUNMAP:
      if (reaches_outside(args[0], args[1])) return KIND_REFUSED;
      return ended(syscall(SYS_munmap, args[0], args[1]), value);
    case OP_MPROTECT: /* ends at the first hole, unless it looks for a stack */
      if (args[2] & PROT_GROWSDOWN ? may_reach_outside(args[0], args[1])
                                   : reaches_outside(args[0], args[1])) {
        return KIND_REFUSED;
      }
      return ended(syscall(SYS_mprotect, args[0], args[1], args[2]), value);
    case OP_MREMAP:
      return do_mremap(args, value);
    case OP_MINCORE:
      return do_mincore(args, value);
    case OP_FTRUNCATE:
      return ended(syscall(SYS_ftruncate, files[args[0]], args[1]), value);
    case OP_FALLOCATE:
      return ended(syscall(SYS_fallocate, files[args[0]], args[1], args[2], args[3]), value);
    case OP_PREAD:
      return do_pread(args, value);
    case OP_PWRITE:
      return do_pwrite(args, value);
    case OP_MLOCKALL:
      return ended(syscall(SYS_mlockall, args[0]), value);
    case OP_MUNLOCKALL:
      return ended(syscall(SYS_munlockall), value);
    case OP_READ:
      return load(args[0], value);
    case OP_WRITE:
      return store(args[0], args[1], value);
    case OP_FORK:
      return do_fork(me, args[0], value);
    case OP_KILL:
      return do_kill(me, args[0]);
    case OP_CHECK:
      return KIND_OK;
    default:
      return do_range(call, value);
  }
}

static void make_call(int me) {
  const struct call *call = &shared->calls[shared->next];
  uint64_t value = 0;
  int kind = execute(me, call, &value);
  hash = 0;
  describing = (int32_t)shared->next == shared->describe_at;
  observe(call->op == OP_CHECK);
  finish_call(kind, value);
}

/* Passes the turn to the worker of the next call that has one. */
static void go_on(void) {
  hash = 0;
  while (shared->next < shared->nr_calls) {
    int who = shared->calls[shared->next].who;
    if (who >= 0 && who < MAX_WORKERS && shared->pids[who] != 0) {
      pass_turn(who);
      return;
    }
    finish_call(KIND_NO_PROCESS, 0);
  }
  pass_turn(SUPERVISOR);
}

/* Views of its own memory: those of a parent would show the parent's. */
static void open_views(void) {
  close(maps_fd);
  close(pagemap_fd);
  maps_fd = open("/proc/self/maps", O_RDONLY);
  pagemap_fd = open("/proc/self/pagemap", O_RDONLY);
  if (maps_fd < 0 || pagemap_fd < 0) fail("/proc/self");
}

static void serve(int me) {
  for (;;) {
    await_turn(me, NULL);
    make_call(me);
    go_on();
  }
}

static const char *directory; /* on a disk, if temporary files are */

static void make_files(void) {
  static const int modes[] = {O_RDWR, O_RDONLY, O_WRONLY, O_RDWR};
  for (int i = 0; i < NR_FILES; i++) {
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", files[DISK_FILE]);
    struct stat status;
    if (i < DISK_FILE) {
      files[i] = memfd_create("file", 0);
    } else if (i == DISK_FILE) {
      files[i] = open(directory, O_TMPFILE | O_RDWR, 0600);
    } else if (i >= FIRST_HUGE_FILE) {
      if (!(shared->observations & OBSERVE_HUGE_PAGES)) continue;
      files[i] = memfd_create("huge", MFD_HUGETLB);
    } else {
      files[i] = open(path, modes[i - DISK_FILE]);
    }
    if (files[i] < 0 || fstat(files[i], &status) != 0) fail("a file");
    inodes[i] = status.st_ino;
  }
}

/* What the emulator's processes start with. */
static void set_limits(void) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct capabilities[2];
  if (syscall(SYS_capget, &header, capabilities) != 0) fail("capabilities");
  capabilities[0].effective &= ~(1U << CAP_IPC_LOCK);
  if (syscall(SYS_capset, &header, capabilities) != 0) fail("capabilities");
  struct rlimit memlock = {MEMLOCK_PAGES * PAGE, MEMLOCK_PAGES * PAGE};
  struct rlimit stack = {STACK_BYTES, STACK_BYTES};
  if (setrlimit(RLIMIT_MEMLOCK, &memlock) != 0 || setrlimit(RLIMIT_STACK, &stack) != 0) {
    fail("setrlimit");
  }
}

static void start_worker0(void) {
  int pid = fork();
  if (pid != 0) {
    shared->pids[0] = pid;
    return;
  }
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NODEFER};
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  open_views();
  make_files();
  set_limits();
  serve(0);
}

/* ---- supervisor ---- */

static int read_all(void *to, size_t bytes) {
  for (char *at = to; bytes > 0;) {
    ssize_t got = read(STDIN_FILENO, at, bytes);
    if (got <= 0) return 0;
    at += got;
    bytes -= got;
  }
  return 1;
}

static void write_all(const void *from, size_t bytes) {
  for (const char *at = from; bytes > 0;) {
    ssize_t put = write(STDOUT_FILENO, at, bytes);
    if (put <= 0) exit(1);
    at += put;
    bytes -= put;
  }
}

static void end_workers(void) {
  for (int i = 0; i < MAX_WORKERS; i++) {
    if (shared->pids[i] != 0) kill(shared->pids[i], SIGKILL);
    shared->pids[i] = 0;
  }
  while (waitpid(-1, NULL, 0) > 0) {
  }
}

/* The pool belongs to one sequence at a time, of those that ask. */
static void open_pool(void) {
  for (enum pool i = POOL_TOTAL; i < NR_POOL; i++) {
    char path[96];
    snprintf(path, sizeof path, "/sys/kernel/mm/hugepages/hugepages-2048kB/%s", pool_names[i]);
    pool_fds[i] = open(path, O_RDONLY);
  }
}

/*
 * How many pages a sequence has, -1 if others use pages beyond those of the pool; how many more it
 * may have; how many are there that it cannot have.
 */
static void lock_pool(int32_t *pool) {
  pool[0] = pool[1] = pool[2] = 0;
  if (!(shared->observations & OBSERVE_HUGE_PAGES)) return;
  flock(pool_fds[0], LOCK_EX);
  long free = pool_count(POOL_FREE);
  used = pool_count(POOL_TOTAL) - free;
  reserved = pool_count(POOL_RSVD);
  pool[0] = pool_count(POOL_SURP) == 0 ? (int32_t)(free - reserved) : -1;
  pool[1] = (int32_t)pool_count(POOL_OVERCOMMIT);
  pool[2] = (int32_t)reserved;
}

static void unlock_pool(void) {
  if (shared->observations & OBSERVE_HUGE_PAGES) flock(pool_fds[0], LOCK_UN);
}

static void run_sequence(void) {
  const struct timespec limit = {.tv_sec = HANG_SECONDS};
  int32_t pool[3];
  lock_pool(pool);
  shared->next = 0;
  shared->text_length = 0;
  pass_turn(SUPERVISOR);
  start_worker0();
  go_on();
  if (!await_turn(SUPERVISOR, &limit)) finish_call(KIND_CRASH, 0); /* hangs, or was killed */
  end_workers();
  unlock_pool();
  write_all(&shared->next, sizeof shared->next);
  write_all(shared->results, shared->next * sizeof(struct result));
  write_all(pool, sizeof pool);
  write_all(&shared->text_length, sizeof shared->text_length);
  write_all(shared->text, shared->text_length);
}

/* Whether this kernel shows what is compared, and the window is free. */
static const char *trouble(void) {
  struct procmap_query vma = {.size = sizeof vma, .query_addr = (uint64_t)&vma};
  maps_fd = open("/proc/self/maps", O_RDONLY);
  pagemap_fd = open("/proc/self/pagemap", O_RDONLY);
  if (maps_fd < 0 || ioctl(maps_fd, PROCMAP_QUERY, &vma) != 0) return "no PROCMAP_QUERY";
  if (pagemap_fd < 0) return "no /proc/self/pagemap";
  FILE *smaps = fopen("/proc/self/smaps", "r"); /* makes the heap: mlockall would lock a later one */
  if (smaps == NULL || fclose(smaps) != 0) return "no /proc/self/smaps";
  if (find_vma(WINDOW_START, &vma)) return "the window is in use";
  if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0) return "no PR_SET_THP_DISABLE";
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return "no PR_SET_CHILD_SUBREAPER";
  return "";
}

/* Argument: the directory of temporary files. */
int main(int argc, char **argv) {
  if (argc != 2) return 1;
  directory = argv[1];
  open_pool();
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return 1;
  const char *reason = trouble();
  uint32_t length = strlen(reason);
  write_all(&length, sizeof length);
  write_all(reason, length);
  struct {
    uint32_t nr_calls;
    uint32_t observations;
    int32_t describe_at;
  } request;
  while (read_all(&request, sizeof request) && request.nr_calls <= MAX_CALLS) {
    shared->nr_calls = request.nr_calls;
    shared->observations = request.observations;
    shared->describe_at = request.describe_at;
    if (!read_all(shared->calls, request.nr_calls * sizeof(struct call))) return 1;
    run_sequence();
  }
  return 0;
}
