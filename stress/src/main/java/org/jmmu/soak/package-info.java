/**
 * Random system calls and accesses of several threads on one address space, with every oracle asked
 * in between: to find what nobody thought of.
 */
@NullMarked
package org.jmmu.soak;

import org.jspecify.annotations.NullMarked;
