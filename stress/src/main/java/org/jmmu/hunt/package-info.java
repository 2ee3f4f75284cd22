/**
 * The hunt: which variants, for how long, in which JVMs, what was seen, and how it is told.
 *
 * <p>{@link org.jmmu.hunt.Catalogue} and {@link org.jmmu.hunt.Target} say what is hunted, {@link
 * org.jmmu.hunt.Budget} for how long. {@link org.jmmu.hunt.Hunt} runs jcstress and makes a {@link
 * org.jmmu.hunt.Finding} per variant; three reports show them.
 */
@NullMarked
package org.jmmu.hunt;

import org.jspecify.annotations.NullMarked;
