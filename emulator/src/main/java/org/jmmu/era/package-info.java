/**
 * Kernels of the past: which protocol of each race they had. They stand above the races because
 * their broken protocols do.
 */
@NullMarked
package org.jmmu.era;

import org.jspecify.annotations.NullMarked;
