/** Physical memory: frames off-heap and one 64-byte descriptor per frame. */
@NullMarked
package org.jmmu.phys;

import org.jspecify.annotations.NullMarked;
