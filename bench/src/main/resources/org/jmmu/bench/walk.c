/*
 * The walk of org.jmmu.hw.PageWalker in C, to measure it against: four levels, large pages,
 * reserved bits, rights and protection keys by table, accessed and dirty bits by compare-and-swap,
 * every table address compared with the size of the memory, and a count of walks.
 */
#include <stdint.h>

#define P (1ULL << 0)
#define RW (1ULL << 1)
#define US (1ULL << 2)
#define A (1ULL << 5)
#define D (1ULL << 6)
#define PS (1ULL << 7)
#define G (1ULL << 8)
#define PKEY (15ULL << 59)
#define NX (1ULL << 63)
#define PAT_LARGE (1ULL << 12)
#define ADDRESS 0x000ffffffffff000ULL
#define INDEX_BYTES (511ULL << 3)

#define WRITE 1
#define CHANGED 0
#define PAGE_FAULT 2
#define MACHINE_CHECK 4

struct walker {
  uint64_t memory, limit, root;
  uint64_t reserved, reserved_in_pgd;
  uint64_t allowed, pkeys_denied;
  uint64_t walks;
};

static uint64_t entry(uint64_t table, uint64_t vaddr, int level) {
  uint64_t addr = table + (vaddr >> 9 * level & INDEX_BYTES);
  return __atomic_load_n((uint64_t *)addr, __ATOMIC_ACQUIRE);
}

static int set_bits(struct walker *w, uint64_t link, uint64_t vaddr, int level, uint64_t word,
                    uint64_t bits) {
  uint64_t addr = w->memory + (link & ADDRESS) + (vaddr >> 9 * level & INDEX_BYTES);
  return (word & bits) == bits ||
         __atomic_compare_exchange_n((uint64_t *)addr, &word, word | bits, 0, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST);
}

static uint64_t walk_once(struct walker *w, uint64_t vaddr, int access) {
  uint64_t memory = w->memory, limit = w->limit, checked = P | w->reserved;
  uint64_t table = w->root;
  if (table >= limit) return MACHINE_CHECK;
  uint64_t pgd = entry(memory + table, vaddr, 4);
  if ((pgd & (P | w->reserved_in_pgd)) != P) return PAGE_FAULT;

  table = pgd & ADDRESS;
  if (table >= limit) return MACHINE_CHECK;
  uint64_t pud = entry(memory + table, vaddr, 3);
  if ((pud & checked) != P) return PAGE_FAULT;

  uint64_t all = pgd & pud, any = pgd | pud, pmd = 0, leaf = pud;
  int level = 3;
  if (!(pud & PS)) {
    table = pud & ADDRESS;
    if (table >= limit) return MACHINE_CHECK;
    pmd = entry(memory + table, vaddr, 2);
    if ((pmd & checked) != P) return PAGE_FAULT;
    all &= pmd, any |= pmd, leaf = pmd, level = 2;
    if (!(pmd & PS)) {
      table = pmd & ADDRESS;
      if (table >= limit) return MACHINE_CHECK;
      leaf = entry(memory + table, vaddr, 1);
      if ((leaf & checked) != P) return PAGE_FAULT;
      all &= leaf, any |= leaf, level = 1;
    }
  }
  uint64_t in_leaf = ((1ULL << (3 + 9 * level)) - 1) & ADDRESS;
  if (leaf & in_leaf & ~PAT_LARGE) return PAGE_FAULT;

  uint64_t page = (all & (RW | US)) | (any & NX) | (leaf & PKEY);
  uint64_t kind = ((page << 1) | (page >> 63)) & 13;
  uint64_t granted = w->allowed >> (16 * access + kind);
  uint64_t denied = w->pkeys_denied >> (16 * access + (page >> 59 & 15)) & page >> 2;
  if (!(granted & ~denied & 1)) return PAGE_FAULT;

  uint64_t leaf_bits = access == WRITE ? A | D : A;
  if (!(all & A) || (leaf & leaf_bits) != leaf_bits) {
    if (!set_bits(w, w->root, vaddr, 4, pgd, A) ||
        !(level == 3 || set_bits(w, pgd, vaddr, 3, pud, A)) ||
        !(level >= 2 || set_bits(w, pud, vaddr, 2, pmd, A)) ||
        !set_bits(w, level == 1 ? pmd : level == 2 ? pud : pgd, vaddr, level, leaf, leaf_bits))
      return CHANGED;
    leaf |= leaf_bits;
  }
  return (leaf & ((ADDRESS & ~in_leaf) | P | A | D | G | PKEY)) | (all & (RW | US)) | (any & NX) |
         (vaddr & in_leaf) | (uint64_t)(level - 1) << 9;
}

static uint64_t walk(struct walker *w, uint64_t vaddr, int access) {
  w->walks++;
  for (;;) {
    uint64_t result = walk_once(w, vaddr, access);
    if (result != CHANGED) return result;
  }
}

/* n walks, each waiting for the one before: zero of its result goes into the next address. */
uint64_t walk_chain(struct walker *w, const uint64_t *vaddrs, uint64_t n, int access,
                    uint64_t zero) {
  uint64_t result = 0;
  for (uint64_t i = 0; i < n; i++) result = walk(w, vaddrs[i] + (result & zero), access);
  return result;
}
