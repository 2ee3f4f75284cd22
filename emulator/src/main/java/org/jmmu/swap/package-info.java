/**
 * Swap: areas and what their slots are used for, the cache of pages that have a slot, and what
 * non-present page-table words say, in Linux's own encodings.
 */
@NullMarked
package org.jmmu.swap;

import org.jspecify.annotations.NullMarked;
