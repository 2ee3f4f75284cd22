/* What all parts of the peer share: the sequence, the turns, and the record of the state. */
#pragma once
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
#include <sys/file.h>
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
#define WINDOW_PAGES 17664UL
#define WINDOW_END (WINDOW_START + WINDOW_PAGES * PAGE)
#define HPAGE (2UL << 20)
#define TASK_SIZE ((1UL << 47) - PAGE)

#define MAX_WORKERS 4
#define MAX_CALLS 65536
#define MAX_TEXT (1 << 20)
#define SUPERVISOR MAX_WORKERS
#define NOBODY -1
#define HANG_SECONDS 10

#define NR_FILES 8 /* two of shared memory, one of a disk that is opened four times, two of huge pages */
#define DISK_FILE 2 /* the first descriptor of the one of a disk */
#define FIRST_HUGE_FILE 6
#define MAX_HUGE_FILE_PAGES 12 /* what is compared of a file of huge pages */
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
  OP_PWRITE,
  OP_MLOCKALL,
  OP_MUNLOCKALL
};

/* How a call ended: constants of Result.Kind, in the same order. */
enum kind { KIND_OK, KIND_ERRNO, KIND_SIGNAL, KIND_OUTSIDE, KIND_REFUSED, KIND_NO_PROCESS, KIND_CRASH };

/* What the state of a process is compared by: constants of Observation, as bits in the same order. */
enum observation {
  OBSERVE_MAPS = 1,
  OBSERVE_PAGES = 2,
  OBSERVE_EXCLUSIVE = 4,
  OBSERVE_MINCORE = 8,
  OBSERVE_FILES = 16,
  OBSERVE_HUGE_PAGES = 32
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

/* The state of a process, as a hash and perhaps as text. */

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

/* Turns. */

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
