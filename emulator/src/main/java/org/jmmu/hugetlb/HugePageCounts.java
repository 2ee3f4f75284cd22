package org.jmmu.hugetlb;

/**
 * What {@code /proc/meminfo} says of the pool.
 *
 * @param total HugePages_Total: pages that the pool has, mapped ones and surplus included
 * @param free HugePages_Free: those that nobody uses
 * @param rsvd HugePages_Rsvd: free ones that mappings have been promised
 * @param surp HugePages_Surp: pages that the pool has only as long as they are used
 */
public record HugePageCounts(long total, long free, long rsvd, long surp) {}
