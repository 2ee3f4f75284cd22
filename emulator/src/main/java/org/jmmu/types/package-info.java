/**
 * The data structures of mm: address spaces, their VMAs, and the anon_vma objects that the reverse
 * map walks. Functions on them live in the packages above.
 *
 * <p>Fields that are read without a lock are private behind accessors named after their access mode
 * (legend: {@link org.jmmu.phys}); the others say which lock guards them.
 */
@NullMarked
package org.jmmu.types;

import org.jspecify.annotations.NullMarked;
