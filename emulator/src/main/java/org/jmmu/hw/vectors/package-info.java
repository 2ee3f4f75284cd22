/**
 * Paging vectors: files of single accesses with what an x86-64 CPU does on each, and a runner that
 * puts the emulated CPU to that test.
 *
 * <p>A file is CSV, gzipped or plain, one access per line: the page-table entries before it, the
 * control bits, the access, and then the exception, error code, CR2, physical address and the
 * accessed and dirty bits that it must produce. MAXPHYADDR is 40, paging is 4-level, the rules are
 * Intel's, and a row on which AMD differs says so.
 */
@NullMarked
package org.jmmu.hw.vectors;

import org.jspecify.annotations.NullMarked;
