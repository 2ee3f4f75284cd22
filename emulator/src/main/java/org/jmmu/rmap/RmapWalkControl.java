package org.jmmu.rmap;

/**
 * What a walk without the page lock is allowed, and what came of it. For one thread.
 *
 * @kernel include/linux/rmap.h:struct rmap_walk_control
 */
public final class RmapWalkControl {
  private final boolean tryLock;
  private boolean contended;

  private RmapWalkControl(boolean tryLock) {
    this.tryLock = tryLock;
  }

  /** Waits for the anon_vma's lock. */
  public static RmapWalkControl waiting() {
    return new RmapWalkControl(false);
  }

  /** Rather gives up than wait for the anon_vma's lock, as reclaim does. */
  public static RmapWalkControl trying() {
    return new RmapWalkControl(true);
  }

  public boolean isTryLock() {
    return tryLock;
  }

  /** The walk gave up. */
  public void setContended() {
    contended = true;
  }

  /** Whether a walk gave up since the last call. */
  public boolean takeContended() {
    boolean was = contended;
    contended = false;
    return was;
  }
}
