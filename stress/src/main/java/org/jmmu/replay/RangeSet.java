package org.jmmu.replay;

import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** Addresses as disjoint ranges. */
final class RangeSet {
  private final TreeMap<Long, Long> ends = new TreeMap<>(); // by start

  void add(long start, long end) {
    remove(start, end);
    ends.put(start, end);
  }

  void remove(long start, long end) {
    Map.Entry<Long, Long> before = ends.lowerEntry(start);
    if (before != null && before.getValue() > start) {
      ends.put(before.getKey(), start);
      if (before.getValue() > end) {
        ends.put(end, before.getValue());
      }
    }
    Map.Entry<Long, Long> last = ends.lowerEntry(end);
    if (last != null && last.getKey() >= start && last.getValue() > end) {
      ends.put(end, last.getValue());
    }
    ends.subMap(start, end).clear();
  }

  /** Whether this was added as one, and nothing of it removed. */
  boolean isRange(long start, long end) {
    return Objects.equals(ends.get(start), end);
  }

  boolean contains(long address) {
    Map.Entry<Long, Long> range = ends.floorEntry(address);
    return range != null && range.getValue() > address;
  }

  boolean containsAll(long start, long end) {
    long at = start;
    while (at < end) {
      Map.Entry<Long, Long> range = ends.floorEntry(at);
      if (range == null || range.getValue() <= at) {
        return false;
      }
      at = range.getValue();
    }
    return true;
  }
}
