/* What a process looks like inside the window. */
#pragma once
#include "access.h"

static int maps_fd;
static int pagemap_fd;
static int pool_fds[5];
static int files[NR_FILES];
static uint64_t inodes[NR_FILES];

struct procmap_query {
  uint64_t size, query_flags, query_addr;
  uint64_t vma_start, vma_end, vma_flags, vma_page_size, vma_offset, inode;
  uint32_t dev_major, dev_minor, vma_name_size, build_id_size;
  uint64_t vma_name_addr, build_id_addr;
};
#define PROCMAP_QUERY _IOWR('f', 17, struct procmap_query)
#define PROCMAP_QUERY_COVERING_OR_NEXT_VMA 0x10
#define VMA_RWXS 0xf
#define VMA_SHARED 0x8

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

/* Of a file on a disk: what the kernel reads ahead, and when it writes back, is its own business. */
static int is_of_disk(const struct procmap_query *vma) { return vma->inode == inodes[DISK_FILE]; }

/* The same for the first, the last, and some word between of a huge page. */
static const long huge_samples[] = {0, 8, 4096, (long)HPAGE - 8};
#define NR_HUGE_SAMPLES (int)(sizeof huge_samples / sizeof *huge_samples)
#define HUGE_STEP 512 /* between the words that CHECK looks at */

static int is_huge(const struct procmap_query *vma) { return vma->vma_page_size == HPAGE; }

static void observe_huge_bytes(uint64_t address, int whole) {
  if (whole) {
    uint64_t sum = 0;
    for (uint64_t at = 0; at < HPAGE; at += HUGE_STEP) sum = sum * 31 + *(uint64_t *)(address + at);
    record(sum);
    describe(" sum %lx", sum);
  }
  for (int i = 0; i < NR_HUGE_SAMPLES; i++) {
    uint64_t value = *(uint64_t *)(address + huge_samples[i]);
    record(value);
    describe(" %lx", value);
  }
}

static void observe_huge_pages(const struct procmap_query *vma, int whole) {
  for (uint64_t address = vma->vma_start; address < vma->vma_end; address += HPAGE) {
    uint64_t entry;
    if (pread(pagemap_fd, &entry, sizeof entry, address / PAGE * 8) != sizeof entry) fail("pagemap");
    if (!(entry & PM_PRESENT)) continue;
    int of_file = (entry & PM_FILE) != 0;
    int exclusive = (entry & PM_EXCLUSIVE) != 0;
    record(address);
    record(of_file);
    record(exclusive);
    describe("  huge page +0x%lx%s%s", (address - WINDOW_START) / PAGE, of_file ? " of file" : "",
             exclusive ? " exclusive" : "");
    if (vma->vma_flags & PROT_READ) observe_huge_bytes(address, whole);
    describe("\n");
  }
}

/* A page that is not there is not touched: that would change the state. */
static void observe_pages(const struct procmap_query *vma, int whole) {
  if (is_huge(vma)) {
    observe_huge_pages(vma, whole);
    return;
  }
  size_t nr = (vma->vma_end - vma->vma_start) / PAGE;
  ssize_t bytes = pread(pagemap_fd, pagemap, nr * 8, vma->vma_start / PAGE * 8);
  if (bytes != (ssize_t)(nr * 8)) fail("pagemap");
  for (size_t i = 0; i < nr; i++) {
    if (!(pagemap[i] & PM_PRESENT)) continue;
    if ((pagemap[i] & PM_FILE) && is_of_disk(vma)) continue;
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
  if (is_of_disk(vma)) return;
  size_t nr = (vma->vma_end - vma->vma_start) / PAGE;
  if (mincore((void *)vma->vma_start, nr * PAGE, in_core) != 0) fail("mincore");
  describe("  mincore ");
  for (size_t i = 0; i < nr; i++) {
    record(in_core[i] & 1);
    describe("%d", in_core[i] & 1);
  }
  describe("\n");
}

/* Takes what lies on a disk out of what mincore says of a range that begins at an address. */
static void forget_disk(uint64_t start, unsigned char *in_core) {
  struct procmap_query vma;
  for (uint64_t at = start; find_vma(at, &vma); at = vma.vma_end) {
    if (!is_of_disk(&vma)) continue;
    uint64_t from = vma.vma_start > start ? vma.vma_start : start;
    memset(in_core + (from - start) / PAGE, 0, (vma.vma_end - from) / PAGE);
  }
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

/* What a process reads where it maps a file; that fills holes, and is for the end of a sequence. */
static void observe_contents(const struct procmap_query *vma) {
  if (vma->inode == 0 || !(vma->vma_flags & PROT_READ)) return;
  for (uint64_t at = vma->vma_start; at < vma->vma_end; at += is_huge(vma) ? HPAGE : PAGE) {
    uint64_t value;
    record(load(at, &value));
    record(value);
    describe("  at +0x%lx %lx\n", (at - WINDOW_START) / PAGE, value);
  }
}

/* A hole that is read stays one. */
static void observe_files(void) {
  static uint64_t bytes[MAX_FILE_PAGES * PAGE / 8];
  for (int i = 0; i <= DISK_FILE; i++) {
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

enum pool { POOL_TOTAL, POOL_FREE, POOL_RSVD, POOL_SURP, POOL_OVERCOMMIT, NR_POOL };
static const char *const pool_names[NR_POOL] = {"nr_hugepages", "free_hugepages", "resv_hugepages",
                                                "surplus_hugepages", "nr_overcommit_hugepages"};

/* What others have of the pool when a sequence begins: the rest is compared. */
static long used;
static long reserved;

static long pool_count(enum pool which) {
  char text[32] = "";
  if (pread(pool_fds[which], text, sizeof text - 1, 0) <= 0) fail("the pool of huge pages");
  return (long)strtoul(text, NULL, 10);
}

static void observe_pool(void) {
  describe("pool");
  for (enum pool i = POOL_TOTAL; i <= POOL_SURP; i++) {
    long count = pool_count(i);
    if (i == POOL_TOTAL) count -= used;
    if (i != POOL_SURP) count -= reserved;
    record(count);
    describe(" %s %ld", pool_names[i], count);
  }
  describe("\n");
}

/* A hole that is read stays one. */
static void observe_huge_files(void) {
  for (int i = FIRST_HUGE_FILE; i < NR_FILES; i++) {
    struct stat status;
    if (fstat(files[i], &status) != 0) fail("fstat");
    record(status.st_size);
    record(status.st_blocks);
    describe("file %d size 0x%lx blocks %ld", 1 + i, status.st_size, (long)status.st_blocks);
    for (long at = 0; at < status.st_size && at < MAX_HUGE_FILE_PAGES * (long)HPAGE; at += HPAGE) {
      for (int sample = 0; sample < NR_HUGE_SAMPLES; sample++) {
        uint64_t word = 0;
        ssize_t got = pread(files[i], &word, sizeof word, at + huge_samples[sample]);
        if (got < 0) fail("pread");
        record(got);
        record(word);
        if (word != 0) describe(" [%lx] %lx", at + huge_samples[sample], word);
      }
    }
    describe("\n");
  }
}

/* Flags of mappings as smaps abbreviates them, those that are compared; numbers as in VmaFlagBits. */
static const char flag_names[][3] = {"rd", "wr", "ex", "sh", "mr", "mw", "me", "ms",
                                     "gd", "lo", "sr", "rr", "dc", "de", "lf", "ac",
                                     "nr", "sf", "wf", "dd", "hg", "nh", "mg", "dp"};
#define NR_FLAGS (sizeof flag_names / sizeof *flag_names)

static uint64_t flag_bits(const char *line) {
  uint64_t bits = 0;
  for (const char *at = line; *at != '\0'; at++) {
    for (size_t i = 0; i < NR_FLAGS; i++) {
      if (at[0] == ' ' && strncmp(at + 1, flag_names[i], 2) == 0) bits |= 1UL << i;
    }
  }
  return bits;
}

static void observe_flags(void) {
  FILE *smaps = fopen("/proc/self/smaps", "r");
  if (smaps == NULL) fail("smaps");
  char line[512];
  uint64_t start = 0;
  while (fgets(line, sizeof line, smaps) != NULL) {
    uint64_t from, to;
    if (sscanf(line, "%lx-%lx ", &from, &to) == 2) start = from;
    if (strncmp(line, "VmFlags:", 8) != 0 || start < WINDOW_START || start >= WINDOW_END) continue;
    record(flag_bits(line));
    describe("flags +0x%lx %lx\n", (start - WINDOW_START) / PAGE, flag_bits(line));
  }
  fclose(smaps);
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
    if (whole) observe_contents(&vma);
  }
  if (shared->observations & OBSERVE_FILES) observe_files();
  if (shared->observations & OBSERVE_HUGE_PAGES) {
    observe_huge_files();
    observe_pool();
  }
  if (whole) observe_flags();
}
