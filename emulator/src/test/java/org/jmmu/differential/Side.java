package org.jmmu.differential;

import java.util.List;

/** Something that runs sequences: the host's kernel, or the emulator. */
interface Side {
  /** No call is to be described. */
  int NONE = -1;

  /**
   * Runs a sequence, from a process without mappings on.
   *
   * @param describeAt the call after which the state is wanted as text, or {@link #NONE}
   */
  Run run(List<Call> calls, int describeAt);

  /**
   * @param results of the calls from the first on; fewer than calls if one ended in a crash
   * @param description of the state after the call that was asked for; of a crash, why
   */
  record Run(List<Result> results, String description) {}
}
