/**
 * Random system calls and accesses of several threads in several processes, with migration,
 * compaction, swap and merging of pages below them, and every oracle asked in between: to find what
 * nobody thought of.
 */
@NullMarked
package org.jmmu.soak;

import org.jspecify.annotations.NullMarked;
