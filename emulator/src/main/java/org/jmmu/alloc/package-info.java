/** Frames: the buddy allocator, and reference counts that give a frame back at zero. */
@NullMarked
package org.jmmu.alloc;

import org.jspecify.annotations.NullMarked;
