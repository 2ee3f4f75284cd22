/** Oracles: read-only checks of what must hold whenever nothing is under way. */
@NullMarked
package org.jmmu.check;

import org.jspecify.annotations.NullMarked;
