package org.jmmu.types;

import java.util.Map;
import java.util.TreeMap;

/**
 * A set of huge pages of one file or of one private mapping, kept as disjoint regions. What it
 * means that a page is in it depends on whose it is: of a file, the page exists or is reserved; of
 * a private mapping, its reservation was used up.
 *
 * @kernel include/linux/hugetlb.h:struct resv_map
 */
public final class ResvMap {
  private final TreeMap<Long, Long> regions = new TreeMap<>(); // start to end; guarded by this

  /** How many pages of [{@code from}, {@code to}) are in. @kernel mm/hugetlb.c:region_count */
  public synchronized long count(long from, long to) {
    long count = 0;
    Map.Entry<Long, Long> region = regions.floorEntry(from);
    if (region == null) {
      region = regions.higherEntry(from);
    }
    while (region != null && region.getKey() < to) {
      count += Math.max(0, Math.min(region.getValue(), to) - Math.max(region.getKey(), from));
      region = regions.higherEntry(region.getKey());
    }
    return count;
  }

  /** Puts pages in; returns how many were not. @kernel mm/hugetlb.c:region_add */
  public synchronized long add(long from, long to) {
    long added = to - from - count(from, to);
    long start = from;
    long end = to;
    Map.Entry<Long, Long> region = regions.floorEntry(to);
    while (region != null && region.getValue() >= from) {
      start = Math.min(start, region.getKey());
      end = Math.max(end, region.getValue());
      regions.remove(region.getKey());
      region = regions.floorEntry(to);
    }
    regions.put(start, end);
    return added;
  }

  /** Takes pages out; returns how many were in. @kernel mm/hugetlb.c:region_del */
  public synchronized long del(long from, long to) {
    long deleted = count(from, to);
    Map.Entry<Long, Long> region = regions.lowerEntry(to);
    while (region != null && region.getValue() > from) {
      regions.remove(region.getKey());
      if (region.getValue() > to) {
        regions.put(to, region.getValue());
      }
      if (region.getKey() < from) {
        regions.put(region.getKey(), from);
      }
      region = regions.lowerEntry(Math.min(region.getKey(), to));
    }
    return deleted;
  }
}
