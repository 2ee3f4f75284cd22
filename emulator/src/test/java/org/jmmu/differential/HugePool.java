package org.jmmu.differential;

import java.util.Locale;

/**
 * A pool of huge pages that nobody uses.
 *
 * @param pages how many it has; negative if somebody uses some beyond those
 * @param overcommit how many more it may have for a while
 * @param reserved how many there are besides that others have reserved, or that the kernel has
 *     forgotten who had reserved them
 */
record HugePool(int pages, int overcommit, int reserved) {
  static final HugePool EMPTY = new HugePool(0, 0, 0);

  /** Fewer make sequences of little but errors. */
  private static final int NEEDED = 4;

  /** More are not used up. */
  private static final int MOST = 64;

  /** Why nothing can be compared with this pool; empty if it can. */
  String trouble() {
    if (pages < 0) {
      return "the host's surplus huge pages are in use";
    }
    return pages >= NEEDED && most() <= MOST
        ? ""
        : String.format(
            Locale.ROOT,
            "the host has a pool of %d huge pages and %d more, %d to %d are needed:"
                + " sysctl vm.nr_hugepages=8 vm.nr_overcommit_hugepages=2",
            pages,
            overcommit,
            NEEDED,
            MOST);
  }

  int most() {
    return Math.max(0, pages + overcommit);
  }
}
