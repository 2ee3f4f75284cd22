/*
 * What the emulator's system calls and faults are measured against: the same on the host's kernel,
 * in a process of its own, because the time of a fork depends on everything that is mapped. Prints
 * one line per operation: its name, and the median of some batches in nanoseconds.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL
#define RECYCLED 256UL
#define MANY 16384UL
#define MAX_BATCHES 1000

#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static double batches[MAX_BATCHES];
static int nr_batches;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

static void check(int ok, const char *what) {
  if (!ok) {
    perror(what);
    exit(1);
  }
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void batch(double ns) { batches[nr_batches++] = ns; }

static void report(const char *name) {
  qsort(batches, nr_batches, sizeof *batches, ascending);
  printf("%s %.1f\n", name, batches[nr_batches / 2]);
  nr_batches = 0;
}

static char *map(unsigned long pages, int flags) {
  char *at = mmap(NULL, pages * PAGE, RW, ANON | flags, -1, 0);
  check(at != MAP_FAILED, "mmap");
  return at;
}

static void unmap(char *at, unsigned long pages) { check(!munmap(at, pages * PAGE), "munmap"); }

static double write_all(char *at, unsigned long pages) {
  double start = now();
  for (unsigned long i = 0; i < pages; i++) *(volatile char *)(at + i * PAGE) = 1;
  return (now() - start) / pages;
}

static double read_all(char *at, unsigned long pages) {
  double start = now();
  for (unsigned long i = 0; i < pages; i++) (void)*(volatile char *)(at + i * PAGE);
  return (now() - start) / pages;
}

static void discard(char *at, unsigned long pages) {
  check(!madvise(at, pages * PAGE, MADV_DONTNEED), "madvise");
}

/* A child that shares every page until it is told to go. */
static pid_t child(void) {
  pid_t pid = fork();
  check(pid >= 0, "fork");
  if (pid == 0)
    for (;;) pause();
  return pid;
}

static void end(pid_t pid) {
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
}

static void populate_and_munmap(void) {
  double munmaps[MAX_BATCHES];
  int n = 12;
  for (int i = 0; i < n; i++) {
    double start = now();
    char *at = map(MANY, MAP_POPULATE);
    double populated = now();
    unmap(at, MANY);
    batch((populated - start) / MANY);
    munmaps[i] = (now() - populated) / MANY;
  }
  report("populate");
  for (int i = 0; i < n; i++) batch(munmaps[i]);
  report("munmap");
}

static void zero_read(void) {
  char *at = map(RECYCLED, 0);
  for (int i = 0; i < 300; i++) {
    batch(read_all(at, RECYCLED));
    discard(at, RECYCLED);
  }
  report("zeroRead");
  unmap(at, RECYCLED);
}

static void reuse(void) {
  char *at = map(RECYCLED, MAP_POPULATE);
  for (int i = 0; i < 200; i++) {
    end(child());
    batch(write_all(at, RECYCLED));
  }
  report("wpReuse");
  unmap(at, RECYCLED);
}

static void copy_on_write(void) {
  for (int i = 0; i < 10; i++) {
    char *at = map(MANY, MAP_POPULATE);
    pid_t pid = child();
    batch(write_all(at, MANY));
    end(pid);
    unmap(at, MANY);
  }
  report("copyOnWrite");
}

static void fork_of(unsigned long pages, int times) {
  char name[32];
  char *at = map(pages, MAP_POPULATE);
  for (int i = 0; i < times; i++) {
    write_all(at, pages);
    double start = now();
    pid_t pid = fork();
    if (pid == 0) _exit(0);
    batch(now() - start);
    check(pid > 0, "fork");
    waitpid(pid, NULL, 0);
  }
  snprintf(name, sizeof name, "fork%lu", pages);
  report(name);
  unmap(at, pages);
}

static void protect_range(void) {
  double writable[MAX_BATCHES];
  int n = 40;
  char *at = map(MANY, MAP_POPULATE);
  for (int i = 0; i < n; i++) {
    double start = now();
    check(!mprotect(at, MANY * PAGE, PROT_READ), "mprotect");
    double protected = now();
    check(!mprotect(at, MANY * PAGE, RW), "mprotect");
    batch((protected - start) / MANY);
    writable[i] = (now() - protected) / MANY;
  }
  report("mprotectReadOnly");
  for (int i = 0; i < n; i++) batch(writable[i]);
  report("mprotectWritable");
  unmap(at, MANY);
}

/* VMAs of two pages with a hole between; the upper page of some becomes read-only and back. */
static void split_merge(unsigned long vmas) {
  char name[32];
  unsigned long stride = 3 * PAGE, pairs = 200;
  uint32_t random = 42;
  char *at = map(vmas * 3, 0);
  unmap(at, vmas * 3);
  for (unsigned long i = 0; i < vmas; i++)
    check(mmap(at + i * stride, 2 * PAGE, RW, ANON | MAP_FIXED, -1, 0) != MAP_FAILED, "mmap");
  for (int i = 0; i < 100; i++) {
    double start = now();
    for (unsigned long pair = 0; pair < pairs; pair++) {
      random = random * 1664525 + 1013904223;
      char *page = at + (random >> 8) % vmas * stride + PAGE;
      check(!mprotect(page, PAGE, PROT_READ), "mprotect");
      check(!mprotect(page, PAGE, RW), "mprotect");
    }
    batch((now() - start) / pairs);
  }
  snprintf(name, sizeof name, "splitMerge%lu", vmas);
  report(name);
  check(!munmap(at, vmas * stride), "munmap");
}

#define THREAD_BATCHES 300
static pthread_barrier_t together;
static double of_thread[2][THREAD_BATCHES];

static void *fault_pinned(void *arg) {
  int self = (int)(intptr_t)arg;
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(self, &cpus);
  check(!sched_setaffinity(0, sizeof cpus, &cpus), "sched_setaffinity");
  char *at = map(RECYCLED + 1, 0);
  check(!mprotect(at + RECYCLED * PAGE, PAGE, PROT_NONE), "mprotect"); /* keeps VMAs apart */
  for (int i = 0; i < THREAD_BATCHES; i++) {
    pthread_barrier_wait(&together);
    of_thread[self][i] = write_all(at, RECYCLED);
    pthread_barrier_wait(&together);
    discard(at, RECYCLED);
  }
  return NULL;
}

static void two_threads(void) {
  pthread_t threads[2];
  pthread_barrier_init(&together, NULL, 2);
  for (intptr_t i = 0; i < 2; i++)
    check(!pthread_create(&threads[i], NULL, fault_pinned, (void *)i), "pthread_create");
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < THREAD_BATCHES; i++) batch((of_thread[0][i] + of_thread[1][i]) / 2);
  report("twoThreads");
}

int main(void) {
  prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  fork_of(1, 300); /* first: nothing else is mapped yet */
  fork_of(1024, 200);
  fork_of(MANY, 60);
  populate_and_munmap();
  zero_read();
  reuse();
  copy_on_write();
  protect_range();
  split_merge(64);
  split_merge(1000);
  split_merge(60000);
  if (sysconf(_SC_NPROCESSORS_ONLN) > 1) two_threads();
  return 0;
}
