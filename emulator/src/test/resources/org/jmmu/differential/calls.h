/* System calls, none of which reaches outside the window. */
#pragma once
#include "observe.h"

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

/* Whether there is room for a length is a matter of what else a process has mapped. */
static int is_too_long_to_place(uint64_t length) {
  return length > WINDOW_END - WINDOW_START && length <= TASK_SIZE;
}

static int ended(long returned, uint64_t *value) {
  *value = returned == -1 ? (uint64_t)errno : (uint64_t)returned;
  return returned == -1 ? KIND_ERRNO : KIND_OK;
}

/* What was placed outside the window goes at once. */
static int placed(long returned, uint64_t length, uint64_t *value) {
  int kind = ended(returned, value);
  if (kind == KIND_OK && reaches_outside(*value, length)) {
    /* Huge pages go as a whole; others have nothing of theirs behind them. */
    if (munmap((void *)*value, length) != 0) munmap((void *)*value, (length + HPAGE - 1) & -HPAGE);
    *value = 0;
    return KIND_OUTSIDE;
  }
  return kind;
}

static int do_mmap(const uint64_t *args, uint64_t *value) {
  int fixed = (args[3] & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0;
  if (fixed ? reaches_outside(args[0], args[1]) : is_too_long_to_place(args[1])) {
    return KIND_REFUSED;
  }
  int64_t file = args[4];
  int fd = file >= 0 && file < NR_FILES ? files[file] : (int)file;
  return placed(syscall(SYS_mmap, args[0], args[1], args[2], args[3], fd, args[5]), args[1], value);
}

static int is_private_huge(const struct procmap_query *vma) {
  return vma->vma_page_size == HPAGE && !(vma->vma_flags & VMA_SHARED);
}

/*
 * Linux 6.18 forgets for good what the rest of a private mapping has reserved when part of it moves:
 * the pool of this host would be the smaller for it until the next boot.
 */
static int loses_reservations(uint64_t start, uint64_t length) {
  uint64_t end = start + ((length + HPAGE - 1) & -HPAGE);
  struct procmap_query vma;
  for (uint64_t at = start; at < end && find_vma(at, &vma) && vma.vma_start < end; at = vma.vma_end) {
    if (is_private_huge(&vma) && (vma.vma_start < start || vma.vma_end > end)) return 1;
  }
  return 0;
}

/* It may grow where it is, or be moved. */
static int do_mremap(const uint64_t *args, uint64_t *value) {
  if (reaches_outside(args[0], args[1]) || reaches_outside(args[0], args[2])) return KIND_REFUSED;
  if (is_too_long_to_place(args[2])) return KIND_REFUSED;
  if (args[3] & MREMAP_FIXED && reaches_outside(args[4], args[2])) return KIND_REFUSED;
  if (loses_reservations(args[0], args[1])) return KIND_REFUSED;
  return placed(syscall(SYS_mremap, args[0], args[1], args[2], args[3], args[4]), args[2], value);
}

static int do_mincore(const uint64_t *args, uint64_t *value) {
  static unsigned char in_core[WINDOW_PAGES];
  if (reaches_outside(args[0], args[1])) return KIND_REFUSED;
  memset(in_core, 0, sizeof in_core);
  int kind = ended(syscall(SYS_mincore, args[0], args[1], in_core), value);
  forget_disk(args[0], in_core);
  size_t nr = (args[1] + PAGE - 1) / PAGE;
  for (size_t i = 0; kind == KIND_OK && i < nr; i++) *value = *value * 31 + (in_core[i] & 1);
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
