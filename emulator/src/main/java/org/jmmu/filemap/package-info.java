/**
 * Page caches: which frame holds which page of a file, how a page gets its bytes and where they go.
 *
 * <p>A page in a cache has one reference for that, and says in its descriptor which file it belongs
 * to, and where. It leaves the cache only while it is locked: whoever holds the page lock and finds
 * the descriptor unchanged knows that the page is still the file's.
 */
@NullMarked
package org.jmmu.filemap;

import org.jspecify.annotations.NullMarked;
