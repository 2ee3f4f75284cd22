/*
 * The host kernel's side of the differential test: performs sequences of memory calls inside a
 * window of addresses where nothing else is mapped, and says after each call what came of it.
 *
 * The supervisor reads sequences from standard input and writes results to standard output. For each
 * sequence it forks worker 0, whose window is empty; a FORK call makes more workers. The workers
 * share the calls and the results, and take turns: whoever made call n wakes the one that makes
 * call n + 1. A worker may crash or hang: the supervisor reports that as the result of its call.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL
#define WINDOW_START 0x200100000UL
#define WINDOW_PAGES 1024UL
#define WINDOW_END (WINDOW_START + WINDOW_PAGES * PAGE)
#define TASK_SIZE ((1UL << 47) - PAGE)

#define MAX_WORKERS 4
#define MAX_CALLS 65536
#define MAX_TEXT (1 << 20)
#define SUPERVISOR MAX_WORKERS
#define NOBODY -1
#define HANG_SECONDS 10

#define NR_FILES 2
#define MAX_FILE_PAGES 64 /* what is compared of a file */
#define MEMLOCK_PAGES 96
#define STACK_BYTES (8UL << 20)

/* Numbers of the calls: constants of Op, in the same order. */
enum op {
  OP_MMAP,
  OP_MUNMAP,
  OP_MPROTECT,
  OP_READ,
  OP_WRITE,
  OP_FORK,
  OP_KILL,
  OP_CHECK,
  OP_MREMAP,
  OP_MADVISE,
  OP_MLOCK,
  OP_MLOCK2,
  OP_MUNLOCK,
  OP_MSYNC,
  OP_MINCORE,
  OP_FTRUNCATE,
  OP_FALLOCATE,
  OP_PREAD,
  OP_PWRITE
};

/* How a call ended: constants of Result.Kind, in the same order. */
enum kind { KIND_OK, KIND_ERRNO, KIND_SIGNAL, KIND_OUTSIDE, KIND_REFUSED, KIND_NO_PROCESS, KIND_CRASH };

/* What the state of a process is compared by: constants of Observation, as bits in the same order. */
enum observation {
  OBSERVE_MAPS = 1,
  OBSERVE_PAGES = 2,
  OBSERVE_EXCLUSIVE = 4,
  OBSERVE_MINCORE = 8,
  OBSERVE_FILES = 16
};

struct call {
  int32_t who;
  int32_t op;
  uint64_t args[6];
};

struct result {
  int32_t kind;
  int32_t unused;
  uint64_t value;
  uint64_t hash;
};

struct shared {
  uint32_t turn; /* a worker, or SUPERVISOR; futex */
  uint32_t next; /* the call that is to be made */
  uint32_t nr_calls;
  uint32_t observations;
  int32_t describe_at; /* the call after which the state is wanted as text, or -1 */
  uint32_t text_length;
  int32_t pids[MAX_WORKERS]; /* 0 = no such worker */
  int32_t parents[MAX_WORKERS];
  struct call calls[MAX_CALLS];
  struct result results[MAX_CALLS];
  char text[MAX_TEXT];
};

static struct shared *shared;
static int maps_fd;
static int pagemap_fd;
static int files[NR_FILES];
static uint64_t inodes[NR_FILES];

/* ---- the state of a process, as a hash and perhaps as text ---- */

static uint64_t hash;
static int describing;

static void record(uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15UL;
  hash ^= hash >> 32;
}

__attribute__((format(printf, 1, 2))) static void describe(const char *format, ...) {
  if (!describing) return;
  va_list args;
  va_start(args, format);
  int room = MAX_TEXT - (int)shared->text_length;
  int length = vsnprintf(shared->text + shared->text_length, room, format, args);
  va_end(args);
  if (length < room) shared->text_length += length;
}

/* ---- turns ---- */

static void pass_turn(uint32_t to) {
  __atomic_store_n(&shared->turn, to, __ATOMIC_SEQ_CST);
  syscall(SYS_futex, &shared->turn, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

/* 0 = timed out */
static int await_turn(uint32_t me, const struct timespec *timeout) {
  uint32_t turn;
  while ((turn = __atomic_load_n(&shared->turn, __ATOMIC_SEQ_CST)) != me) {
    if (syscall(SYS_futex, &shared->turn, FUTEX_WAIT, turn, timeout, NULL, 0) != 0 &&
        errno == ETIMEDOUT) {
      return 0;
    }
  }
  return 1;
}

static void finish_call(int kind, uint64_t value) {
  shared->results[shared->next] = (struct result){.kind = kind, .value = value, .hash = hash};
  shared->next++;
}

/* A worker cannot go on: its call is the last one of the sequence. */
static void fail(const char *what) {
  describing = 1;
  describe("%s: %s\n", what, strerror(errno));
  finish_call(KIND_CRASH, 0);
  pass_turn(SUPERVISOR);
  for (;;) pause();
}

/* ---- what is observed ---- */

struct procmap_query {
  uint64_t size, query_flags, query_addr;
  uint64_t vma_start, vma_end, vma_flags, vma_page_size, vma_offset, inode;
  uint32_t dev_major, dev_minor, vma_name_size, build_id_size;
  uint64_t vma_name_addr, build_id_addr;
};
#define PROCMAP_QUERY _IOWR('f', 17, struct procmap_query)
#define PROCMAP_QUERY_COVERING_OR_NEXT_VMA 0x10
#define VMA_RWXS 0xf

/* The first mapping of the window that ends above an address. */
static int find_vma(uint64_t address, struct procmap_query *query) {
  memset(query, 0, sizeof *query);
  query->size = sizeof *query;
  query->query_flags = PROCMAP_QUERY_COVERING_OR_NEXT_VMA;
  query->query_addr = address;
  return address < WINDOW_END && ioctl(maps_fd, PROCMAP_QUERY, query) == 0 &&
         query->vma_start < WINDOW_END;
}

#define PM_PRESENT (1UL << 63)
#define PM_FILE (1UL << 61)
#define PM_EXCLUSIVE (1UL << 56)

/* Offsets in a page whose bytes are compared after each call; all of it by CHECK. */
static const int samples[] = {0, 8, 2048, 4088};
#define NR_SAMPLES (int)(sizeof samples / sizeof *samples)

static uint64_t pagemap[WINDOW_PAGES];

static void observe_bytes(uint64_t address, int whole) {
  if (whole) {
    uint64_t sum = 0;
    for (uint64_t at = 0; at < PAGE; at += 8) {
      sum = sum * 31 + *(uint64_t *)(address + at);
    }
    record(sum);
    describe(" sum %lx", sum);
  }
  for (int i = 0; i < NR_SAMPLES; i++) {
    uint64_t value = *(uint64_t *)(address + samples[i]);
    record(value);
    describe(" %lx", value);
  }
}

/* A page that is not there is not touched, nor is one of a file: that would change the state. */
static void observe_pages(const struct procmap_query *vma, int whole) {
  size_t nr = (vma->vma_end - vma->vma_start) / PAGE;
  ssize_t bytes = pread(pagemap_fd, pagemap, nr * 8, vma->vma_start / PAGE * 8);
  if (bytes != (ssize_t)(nr * 8)) fail("pagemap");
  for (size_t i = 0; i < nr; i++) {
    if (!(pagemap[i] & PM_PRESENT) || (pagemap[i] & PM_FILE)) continue;
    uint64_t address = vma->vma_start + i * PAGE;
    record(address);
    describe("  page +0x%lx", (address - WINDOW_START) / PAGE);
    if (shared->observations & OBSERVE_EXCLUSIVE) {
      int exclusive = (pagemap[i] & PM_EXCLUSIVE) != 0;
      record(exclusive);
      describe(exclusive ? " exclusive" : " not-exclusive");
    }
    if (vma->vma_flags & PROT_READ) observe_bytes(address, whole);
    describe("\n");
  }
}

static void observe_mincore(const struct procmap_query *vma) {
  static unsigned char in_core[WINDOW_PAGES];
  size_t nr = (vma->vma_end - vma->vma_start) / PAGE;
  if (mincore((void *)vma->vma_start, nr * PAGE, in_core) != 0) fail("mincore");
  describe("  mincore ");
  for (size_t i = 0; i < nr; i++) {
    record(in_core[i] & 1);
    describe("%d", in_core[i] & 1);
  }
  describe("\n");
}

/* Number of a file: 0 = none, 1 and on = those of the sequence, 100 and on = others as they come. */
static uint64_t file_number(const struct procmap_query *vma, uint64_t *others, int *nr_others) {
  if (vma->inode == 0) return 0;
  for (int i = 0; i < NR_FILES; i++) {
    if (inodes[i] == vma->inode) return 1 + i;
  }
  int i = 0;
  while (i < *nr_others && others[i] != vma->inode) i++;
  if (i == *nr_others) others[(*nr_others)++] = vma->inode;
  return 100 + i;
}

/* A hole that is read stays one. */
static void observe_files(void) {
  static uint64_t bytes[MAX_FILE_PAGES * PAGE / 8];
  for (int i = 0; i < NR_FILES; i++) {
    struct stat status;
    if (fstat(files[i], &status) != 0) fail("fstat");
    record(status.st_size);
    ssize_t got = pread(files[i], bytes, sizeof bytes, 0);
    if (got < 0) fail("pread");
    memset((char *)bytes + got, 0, -got & 7);
    describe("file %d size 0x%lx", 1 + i, status.st_size);
    for (ssize_t at = 0; at < got; at += 8) {
      if (bytes[at / 8] == 0) continue;
      record(at);
      record(bytes[at / 8]);
      describe(" [%lx] %lx", at, bytes[at / 8]);
    }
    describe("\n");
  }
}

static void observe(int whole) {
  static uint64_t others[WINDOW_PAGES];
  int nr_others = 0;
  struct procmap_query vma;
  for (uint64_t at = WINDOW_START; find_vma(at, &vma); at = vma.vma_end) {
    if (shared->observations & OBSERVE_MAPS) {
      uint64_t rwxs = vma.vma_flags & VMA_RWXS;
      record(vma.vma_start);
      record(vma.vma_end);
      record(rwxs);
      uint64_t file = file_number(&vma, others, &nr_others);
      record(vma.vma_offset);
      record(file);
      describe("vma +0x%lx..+0x%lx %c%c%c%c offset 0x%lx file %lu\n",
               (vma.vma_start - WINDOW_START) / PAGE, (vma.vma_end - WINDOW_START) / PAGE,
               rwxs & 1 ? 'r' : '-', rwxs & 2 ? 'w' : '-', rwxs & 4 ? 'x' : '-',
               rwxs & 8 ? 's' : 'p', vma.vma_offset, file);
    }
    if (shared->observations & OBSERVE_PAGES) observe_pages(&vma, whole);
    if (shared->observations & OBSERVE_MINCORE) observe_mincore(&vma);
  }
  if (shared->observations & OBSERVE_FILES) observe_files();
}

/* ---- accesses, and their signals ---- */

static sigjmp_buf access_failed;
static volatile int accessing;
static volatile uint64_t signal_value;

static void on_signal(int signal, siginfo_t *info, void *context) {
  (void)context;
  if (accessing) {
    accessing = 0;
    signal_value = (uint64_t)signal << 8 | (uint64_t)info->si_code;
    siglongjmp(access_failed, 1);
  }
  fail(strsignal(signal));
}

static int access_memory(const struct call *call, uint64_t *value) {
  volatile uint64_t *at = (volatile uint64_t *)call->args[0];
  if (sigsetjmp(access_failed, 0) != 0) {
    *value = signal_value;
    return KIND_SIGNAL;
  }
  accessing = 1;
  if (call->op == OP_READ) {
    *value = *at;
  } else {
    *at = call->args[1];
    *value = 0;
  }
  accessing = 0;
  return KIND_OK;
}

/* ---- calls ---- */

/* Whether the kernel could take a range for a valid one that reaches outside the window. */
static int reaches_outside_below(uint64_t limit, uint64_t start, uint64_t length) {
  uint64_t end = start + ((length + PAGE - 1) & -PAGE);
  int invalid = length > limit || end < start || end > limit;
  return !invalid && (start < WINDOW_START || end > WINDOW_END);
}

static int reaches_outside(uint64_t start, uint64_t length) {
  return reaches_outside_below(TASK_SIZE, start, length);
}

/* For calls that look at the mappings of a range, and not first at its limits. */
static int may_reach_outside(uint64_t start, uint64_t length) {
  return reaches_outside_below(UINT64_MAX, start, length);
}

static int ended(long returned, uint64_t *value) {
  *value = returned == -1 ? (uint64_t)errno : (uint64_t)returned;
  return returned == -1 ? KIND_ERRNO : KIND_OK;
}

/* What was placed outside the window goes at once. */
static int placed(long returned, uint64_t length, uint64_t *value) {
  int kind = ended(returned, value);
  if (kind == KIND_OK && reaches_outside(*value, length)) {
    munmap((void *)*value, length);
    *value = 0;
    return KIND_OUTSIDE;
  }
  return kind;
}

static int do_mmap(const uint64_t *args, uint64_t *value) {
  if (args[3] & (MAP_FIXED | MAP_FIXED_NOREPLACE) && reaches_outside(args[0], args[1])) {
    return KIND_REFUSED;
  }
  int64_t file = args[4];
  int fd = file >= 0 && file < NR_FILES ? files[file] : (int)file;
  return placed(syscall(SYS_mmap, args[0], args[1], args[2], args[3], fd, args[5]), args[1], value);
}

/* It may grow where it is, or be moved. */
static int do_mremap(const uint64_t *args, uint64_t *value) {
  if (reaches_outside(args[0], args[1]) || reaches_outside(args[0], args[2])) return KIND_REFUSED;
  if (args[3] & MREMAP_FIXED && reaches_outside(args[4], args[2])) return KIND_REFUSED;
  return placed(syscall(SYS_mremap, args[0], args[1], args[2], args[3], args[4]), args[2], value);
}

static int do_mincore(const uint64_t *args, uint64_t *value) {
  static unsigned char in_core[WINDOW_PAGES];
  if (reaches_outside(args[0], args[1])) return KIND_REFUSED;
  memset(in_core, 0, sizeof in_core);
  int kind = ended(syscall(SYS_mincore, args[0], args[1], in_core), value);
  for (size_t i = 0; kind == KIND_OK && i < WINDOW_PAGES; i++) *value = *value * 31 + (in_core[i] & 1);
  return kind;
}

/* Each byte that is written tells its place. */
static int do_pwrite(const uint64_t *args, uint64_t *value) {
  static unsigned char bytes[MAX_FILE_PAGES * PAGE];
  if (args[2] > sizeof bytes) return KIND_REFUSED;
  for (size_t i = 0; i < args[2]; i++) bytes[i] = (unsigned char)(args[3] + i);
  return ended(syscall(SYS_pwrite64, files[args[0]], bytes, args[2], args[1]), value);
}

static int do_pread(const uint64_t *args, uint64_t *value) {
  static unsigned char bytes[MAX_FILE_PAGES * PAGE];
  if (args[2] > sizeof bytes) return KIND_REFUSED;
  return ended(syscall(SYS_pread64, files[args[0]], bytes, args[2], args[1]), value);
}

/* Calls on what is mapped in a range. */
static int do_range(const struct call *call, uint64_t *value) {
  const uint64_t *args = call->args;
  if (may_reach_outside(args[0], args[1])) return KIND_REFUSED;
  switch (call->op) {
    case OP_MADVISE:
      return ended(syscall(SYS_madvise, args[0], args[1], args[2]), value);
    case OP_MLOCK:
      return ended(syscall(SYS_mlock, args[0], args[1]), value);
    case OP_MLOCK2:
      return ended(syscall(SYS_mlock2, args[0], args[1], args[2]), value);
    case OP_MUNLOCK:
      return ended(syscall(SYS_munlock, args[0], args[1]), value);
    case OP_MSYNC:
      return ended(syscall(SYS_msync, args[0], args[1], args[2]), value);
    default:
      return KIND_REFUSED;
  }
}

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
    case OP_MPROTECT: /* ends at the first hole */
      if (reaches_outside(args[0], args[1])) return KIND_REFUSED;
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
    case OP_READ:
    case OP_WRITE:
      return access_memory(call, value);
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

static void make_files(void) {
  for (int i = 0; i < NR_FILES; i++) {
    struct stat status;
    files[i] = memfd_create("file", 0);
    if (files[i] < 0 || fstat(files[i], &status) != 0) fail("memfd_create");
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

static void run_sequence(void) {
  const struct timespec limit = {.tv_sec = HANG_SECONDS};
  shared->next = 0;
  shared->text_length = 0;
  pass_turn(SUPERVISOR);
  start_worker0();
  go_on();
  if (!await_turn(SUPERVISOR, &limit)) finish_call(KIND_CRASH, 0); /* hangs, or was killed */
  end_workers();
  write_all(&shared->next, sizeof shared->next);
  write_all(shared->results, shared->next * sizeof(struct result));
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
  if (find_vma(WINDOW_START, &vma)) return "the window is in use";
  if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0) return "no PR_SET_THP_DISABLE";
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return "no PR_SET_CHILD_SUBREAPER";
  return "";
}

int main(void) {
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
