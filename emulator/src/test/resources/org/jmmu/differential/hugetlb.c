// Makes calls about huge pages and prints, for each, its error and what /proc/meminfo counts then.
// The test makes the same calls, in the same order.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE (2UL << 20)
#define BASE ((char *)0x200000000000)
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB)

static long count(const char *name) {
  char line[256];
  long value = -1;
  FILE *meminfo = fopen("/proc/meminfo", "r");
  while (meminfo != NULL && fgets(line, sizeof line, meminfo) != NULL) {
    if (strncmp(line, name, strlen(name)) == 0) {
      sscanf(line + strlen(name), ": %ld", &value);
    }
  }
  if (meminfo != NULL) {
    fclose(meminfo);
  }
  return value;
}

static void report(int failed) {
  const char *error = failed ? strerrorname_np(errno) : "-";
  printf("%s %ld %ld %ld %ld\n", error, count("HugePages_Total"), count("HugePages_Free"),
         count("HugePages_Rsvd"), count("HugePages_Surp"));
}

static void map(long page, long offset, unsigned long length, int flags, int fd) {
  report(mmap(BASE + page * HUGE, length, RW, flags | MAP_FIXED, fd, offset) == MAP_FAILED);
}

static void advise(long page, long offset, unsigned long length, int advice) {
  report(madvise(BASE + page * HUGE + offset, length, advice) != 0);
}

static void move(long page, long offset, unsigned long from, unsigned long to, long target) {
  int flags = target < 0 ? MREMAP_MAYMOVE : MREMAP_MAYMOVE | MREMAP_FIXED;
  report(mremap(BASE + page * HUGE + offset, from, to, flags, BASE + target * HUGE) == MAP_FAILED);
}

int main(void) {
  report(0);
  map(0, 0, HUGE, ANON, -1);
  map(8, 0, 3 * HUGE, ANON, -1);
  map(16, 0, 4 * HUGE, ANON | MAP_NORESERVE, -1);
  map(24, 0, 4096, ANON | MAP_NORESERVE, -1);
  map(32, 4096, HUGE, ANON | MAP_NORESERVE, -1);
  map(32, 0, 0, ANON | MAP_NORESERVE, -1);
  map(32, 0, HUGE, ANON | MAP_NORESERVE | 16 << 26, -1);
  report(mmap(BASE + 4096, HUGE, RW, ANON | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED);
  advise(16, 0, 2 * HUGE, MADV_POPULATE_WRITE);
  advise(16, 4096, HUGE, MADV_DONTNEED);
  advise(16, 0, 4096, MADV_DONTNEED);
  advise(16, 0, HUGE, MADV_DONTNEED);
  advise(16, 0, HUGE, MADV_FREE);
  advise(16, 0, HUGE, MADV_COLD);
  advise(16, 0, HUGE, MADV_WILLNEED);
  advise(16, 0, HUGE, MADV_REMOVE);
  advise(16, 0, HUGE, MADV_MERGEABLE);
  advise(16, 0, 4096, MADV_DONTFORK);
  advise(16, 0, HUGE, MADV_WIPEONFORK);
  advise(8, 0, HUGE, MADV_POPULATE_WRITE);
  advise(8, 0, HUGE, MADV_DONTNEED);
  report(mprotect(BASE + 16 * HUGE, 4096, PROT_READ) != 0);
  report(mprotect(BASE + 16 * HUGE, HUGE, PROT_READ) != 0);
  report(mlock(BASE + 19 * HUGE, HUGE) != 0);
  report(munmap(BASE + 16 * HUGE + 4096, HUGE) != 0);
  report(munmap(BASE + 16 * HUGE, 4096) != 0);
  move(17, 0, HUGE, 2 * HUGE, -1);
  move(17, 4096, HUGE, HUGE, -1);
  move(17, 0, HUGE, HUGE, 40);
  move(18, 0, 2 * HUGE, HUGE, -1);
  report(munmap(BASE, 64 * HUGE) != 0);
  int fd = memfd_create("h", MFD_HUGETLB);
  report(fd < 0);
  report(memfd_create("h", MFD_HUGETLB | 16 << 26) < 0);
  report(ftruncate(fd, 4096) != 0);
  report(ftruncate(fd, 4 * HUGE) != 0);
  report(fallocate(fd, 0, 0, HUGE) != 0);
  map(0, 0, 2 * HUGE, MAP_SHARED, fd);
  map(8, 4096, 2 * HUGE, MAP_SHARED | MAP_NORESERVE, fd);
  map(8, 0, 2 * HUGE, MAP_SHARED | MAP_NORESERVE, fd);
  map(16, 0, 1 * HUGE, MAP_PRIVATE, fd);
  advise(8, 0, 2 * HUGE, MADV_POPULATE_WRITE);
  report(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 4096) != 0);
  report(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, HUGE + 4096) != 0);
  report(fallocate(fd, FALLOC_FL_ZERO_RANGE, 0, HUGE) != 0);
  report(pwrite(fd, "x", 1, 0) < 0);
  report(ftruncate(fd, HUGE) != 0);
  report(munmap(BASE, 64 * HUGE) != 0);
  close(fd);
  report(0);
  return 0;
}
