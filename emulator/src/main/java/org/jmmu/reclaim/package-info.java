/** Taking pages away from those who do not use them. */
@NullMarked
package org.jmmu.reclaim;

import org.jspecify.annotations.NullMarked;
