package org.jmmu.race.vmaadjust;

/**
 * The ways in which a walk misses a page while a VMA changes; 0-E and 0-F are other races. Each
 * comes with a layout of four pages and a change of it: V is the VMA that maps page X before the
 * change, N its neighbour.
 */
public enum Interleaving {
  /**
   * Torn pair: V's start has moved, its offset not yet, so that the computed address is wrong.
   *
   * <pre>
   *   VVVX          mprotect of the upper half: the lower half becomes a VMA of its own,
   *   --VX          V's start and offset grow
   * </pre>
   */
  TORN_PAIR("0-A"),

  /**
   * Gap: V has given X up, N has not taken it yet. V is visited first.
   *
   * <pre>
   *   VXNN          mprotect of X to what N has: the boundary moves down
   *   VXNN →  V[XNN
   * </pre>
   */
  GAP("0-B"),

  /**
   * Shift: as GAP, but N is visited first: before the change it does not cover X, and V, visited
   * after the change, does not cover X either. No look is inconsistent.
   */
  SHIFT("0-C"),

  /**
   * Wrong lock: TORN_PAIR in a child process whose page is still the parent's. The walk locks the
   * parent's anon_vma, the child's VMA has one of its own.
   */
  FORKED("0-D"),

  /**
   * Untouched neighbour: the VMA below X's was never faulted and has no anon_vma. It gives its last
   * page to X's VMA, whose start and offset change.
   *
   * <pre>
   *   UUXV          mprotect of the second page to what V has: the boundary moves down
   *   UVXV
   * </pre>
   */
  UNTOUCHED_NEIGHBOUR("0-G"),

  /**
   * Forked shift: SHIFT in a child process whose page is still the parent's. N and V have the same
   * anon_vma, which is not the one that the walk locks, and stand next to each other on its list.
   */
  FORKED_SHIFT("0-H");

  private final String id;

  Interleaving(String id) {
    this.id = id;
  }

  /** Short name, as in the story of the race. */
  public String id() {
    return id;
  }
}
