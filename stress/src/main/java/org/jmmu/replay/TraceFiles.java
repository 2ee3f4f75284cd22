package org.jmmu.replay;

import java.util.HashMap;
import java.util.Map;
import org.jmmu.types.AddressSpace;

/** The files of a log by their paths. A log says neither how long they are nor what is in them. */
final class TraceFiles {
  static final String DELETED = " (deleted)";

  /** Longer than any mapping, so that no access lies behind the end. */
  private static final long SIZE = 1L << 40;

  private final Map<String, AddressSpace> mappings = new HashMap<>();

  AddressSpace mapping(String path) {
    return mappings.computeIfAbsent(path, _ -> new AddressSpace(SIZE, false));
  }
}
