package org.jmmu.proc;

/**
 * The two-letter names of VMA flags, by bit; a flag without one is not shown.
 *
 * @kernel fs/proc/task_mmu.c:show_smap_vma_flags
 */
final class VmFlagNames {
  private static final String[] BY_BIT = {
    "rd", "wr", "ex", "sh", "mr", "mw", "me", "ms", // access, and what it may become
    "gd", "um", "pf", "", "uw", "lo", "io", "sr",
    "rr", "dc", "de", "lf", "ac", "nr", "ht", "sf",
    "ar", "wf", "dd", "sd", "mm", "hg", "nh", "mg",
  };

  private VmFlagNames() {}

  /** Each followed by a blank. */
  static void append(StringBuilder text, long flags) {
    for (int bit = 0; bit < BY_BIT.length; bit++) {
      if ((flags & (1L << bit)) != 0 && !BY_BIT[bit].isEmpty()) {
        text.append(BY_BIT[bit]).append(' ');
      }
    }
  }
}
