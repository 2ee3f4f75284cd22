package org.jmmu.compact;

/**
 * How a run of compaction ended.
 *
 * @kernel include/linux/compaction.h:enum compact_result
 */
public enum CompactResult {
  /** It did not begin: there are too few free frames to move anything to. */
  SKIPPED,
  /** The scanners met. */
  COMPLETE,
  /** There is a free block as large as it was asked for. */
  SUCCESS,
  /** It was told to stop. */
  CONTENDED
}
