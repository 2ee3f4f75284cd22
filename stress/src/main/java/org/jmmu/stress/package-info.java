/**
 * The stress tests: one class per race, one nested jcstress test per protocol variant.
 *
 * <p>The names are the link to the catalogue: race {@code vma-adjust} with variant {@code SEQ_ADDR}
 * is tested by {@code VmaAdjustStress.SeqAddr}. All nested tests of a class have the same actors
 * and the same outcome ids; a bad outcome is ACCEPTABLE_INTERESTING in a broken variant and
 * FORBIDDEN in a fix. Every arbiter reports to {@link org.jmmu.stress.Witness}, and to a {@link
 * org.jmmu.stress.Measure} if samples have a number that matters.
 *
 * <p>The classes that start with {@code Tlb} test the emulated hardware and belong to no race:
 * {@code java -cp jmmu.jar org.openjdk.jcstress.Main -t Tlb} runs them.
 *
 * <p>Two actors at most: three never run on a machine with two CPUs.
 */
@NullMarked
package org.jmmu.stress;

import org.jspecify.annotations.NullMarked;
