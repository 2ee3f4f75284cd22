/** What a protocol costs: JMH benchmarks, the host kernel as a peer beside each. */
@NullMarked
package org.jmmu.bench;

import org.jspecify.annotations.NullMarked;
