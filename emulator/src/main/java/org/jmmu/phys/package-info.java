/**
 * Physical memory: frames and page descriptors off-heap, with one accessor per access mode.
 *
 * <h2>How memory ordering is written</h2>
 *
 * Every access to shared memory in jmmu, off-heap here or in a Java field elsewhere, names its
 * access mode; a call site therefore needs no comment to say which one it is, only, where it
 * matters, why.
 *
 * <table>
 *   <caption>kernel word, our word, and what differs</caption>
 *   <tr><th>kernel</th><th>here</th><th>beware</th></tr>
 *   <tr><td>{@code READ_ONCE}, {@code WRITE_ONCE}</td><td>{@code …GetOpaque}, {@code …SetOpaque}</td>
 *       <td>the Java memory model gives no address-dependency ordering</td></tr>
 *   <tr><td>{@code rcu_dereference}, {@code smp_load_acquire}</td><td>{@code …GetAcquire}</td>
 *       <td>acquire stands for the dependency as well, see above</td></tr>
 *   <tr><td>{@code rcu_assign_pointer}, {@code smp_store_release}</td><td>{@code …SetRelease}</td><td></td></tr>
 *   <tr><td>{@code xchg}, {@code cmpxchg}, {@code atomic_*_return}</td>
 *       <td>{@code …Cmpxchg}, {@code …GetAndAdd}, {@code …GetAndOr}, {@code …GetAndAnd}</td>
 *       <td>volatile in Java terms; not a full fence for opaque accesses around it</td></tr>
 *   <tr><td>{@code smp_mb}, {@code smp_wmb}, {@code smp_rmb}</td>
 *       <td>{@code VarHandle.fullFence}, {@code storeStoreFence}, {@code loadLoadFence}</td><td></td></tr>
 *   <tr><td>no annotation</td><td>{@code …GetPlain}, {@code …SetPlain}</td>
 *       <td>the word is always there: its absence would mean "forgot"</td></tr>
 * </table>
 *
 * Pairs: {@code …SetRelease} and the atomic read-modify-writes publish to {@code …GetAcquire};
 * opaque pairs with opaque and orders nothing else.
 *
 * <h2>Bounds</h2>
 *
 * {@link org.jmmu.phys.Mem} checks no bounds, because a checked acquire load costs three times as
 * much. A frame number that comes out of a page-table word must therefore be compared with {@link
 * org.jmmu.phys.PhysMemory#nrFrames()} before it is used.
 */
@NullMarked
package org.jmmu.phys;

import org.jspecify.annotations.NullMarked;
