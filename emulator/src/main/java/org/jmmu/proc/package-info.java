/**
 * What {@code /proc/PID} shows of an address space, in Linux's own formats, because existing tools
 * read them. Each view takes mmap_lock for reading.
 */
@NullMarked
package org.jmmu.proc;

import org.jspecify.annotations.NullMarked;
