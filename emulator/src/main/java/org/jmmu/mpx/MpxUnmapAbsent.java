package org.jmmu.mpx;

/**
 * Linux 5.6 and later: there is no MPX. Processes that would have used it run without bounds.
 *
 * @kernel ccaaaf6fe5a5
 */
public final class MpxUnmapAbsent implements MpxUnmapProtocol {
  @Override
  public boolean exists() {
    return false;
  }
}
