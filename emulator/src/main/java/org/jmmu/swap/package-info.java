/** What non-present page-table words say, in Linux's own encodings. */
@NullMarked
package org.jmmu.swap;

import org.jspecify.annotations.NullMarked;
