package org.jmmu.check;

import java.util.List;
import java.util.stream.Collectors;

/** Oracles found broken invariants; the message names each and where. */
public final class InvariantException extends AssertionError {
  private static final long serialVersionUID = 1L;

  @SuppressWarnings("serial") // a copy made by List.copyOf is serializable
  private final List<Violation> violations;

  public InvariantException(List<Violation> violations) {
    super(
        violations.stream()
            .map(Violation::toString)
            .collect(Collectors.joining("\n  ", "broken invariants:\n  ", "")));
    this.violations = List.copyOf(violations);
  }

  public List<Violation> violations() {
    return violations;
  }
}
