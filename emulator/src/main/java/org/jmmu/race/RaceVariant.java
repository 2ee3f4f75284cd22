package org.jmmu.race;

import java.util.List;
import org.jmmu.sched.Scenario;
import org.jmmu.sys.MachineConfig;

/**
 * One protocol of a race: broken, proposed, merged or later. Implemented by an enum in the race's
 * package, one constant per variant.
 */
public interface RaceVariant {
  /** The enum constant's name, in capitals with underscores. */
  String name();

  /** What a hunt must show. */
  Verdict verdict();

  /** One line: what this protocol does, or fails to do. */
  String summary();

  /** The kernel version or commit that had this protocol, or the patch that proposed it. */
  String kernel();

  /** The races of two threads or more that a search for schedules runs, one per interleaving. */
  default List<Scenario> scenarios() {
    return List.of();
  }

  /** The same machine with a kernel that has this protocol. */
  MachineConfig applyTo(MachineConfig config);
}
