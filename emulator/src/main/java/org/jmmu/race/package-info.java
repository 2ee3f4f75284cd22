/**
 * The catalogue of races. A race lives in {@code org.jmmu.race.<slug>}: its story, its fixture and
 * one class per protocol variant. Nothing but the stress tests, the benchmarks and the command line
 * looks at this package, because broken code ships in it.
 *
 * <p>To add a race, implement {@link org.jmmu.race.Race}, name the class in {@code
 * META-INF/services/org.jmmu.race.Race}, and write {@code org.jmmu.stress.<Slug>Stress} in the
 * stress module with one nested class per variant.
 */
@NullMarked
package org.jmmu.race;

import org.jspecify.annotations.NullMarked;
