/** Moving pages from frame to frame under the feet of the processes that use them. */
@NullMarked
package org.jmmu.migrate;

import org.jspecify.annotations.NullMarked;
