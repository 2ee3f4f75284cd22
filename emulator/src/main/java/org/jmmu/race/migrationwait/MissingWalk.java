package org.jmmu.race.migrationwait;

import java.util.concurrent.ThreadLocalRandom;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.rmap.RmapOne;
import org.jmmu.rmap.VmaAdjustProtocol;
import org.jmmu.rmap.VmaAdjustRwsemInterval;
import org.jmmu.types.AnonVma;
import org.jmmu.types.AnonVmaChain;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/**
 * Mainline's reverse-map walks, but a thread can ask for its second walk to miss, or one in so many
 * misses by itself. It stands for 0-A to 0-F: how walk 2 comes to miss an entry is told by other
 * races, what a fault on that entry does is told here, and does not depend on it.
 */
final class MissingWalk implements VmaAdjustProtocol {
  private static final VmaAdjustProtocol MAINLINE = new VmaAdjustRwsemInterval();

  private static final int ONE_IN = 500;

  /** Walks up to and including the one that misses; null: none does. */
  private static final ThreadLocal<@Nullable Integer> WALKS = new ThreadLocal<>();

  private final int oneIn;

  private MissingWalk(int oneIn) {
    this.oneIn = oneIn;
  }

  /** Misses when it is asked to. */
  static MissingWalk onRequest() {
    return new MissingWalk(0);
  }

  /** Misses at random besides, as a kernel does that is left to itself. */
  static MissingWalk nowAndThen() {
    return new MissingWalk(ONE_IN);
  }

  /** The next migration by the calling thread, of a page in one VMA, leaves its entry behind. */
  static void missSecondWalk() {
    WALKS.set(2);
  }

  static void missNothing() {
    WALKS.remove();
  }

  @Override
  public int rmapWalkAnon(AnonVma anonVma, long pfn, long index, RmapOne one, long arg) {
    Integer walks = WALKS.get();
    if (walks != null) {
      WALKS.set(walks - 1);
      if (walks == 1) {
        return 0;
      }
    }
    if (oneIn != 0 && ThreadLocalRandom.current().nextInt(oneIn) == 0) {
      return 0;
    }
    return MAINLINE.rmapWalkAnon(anonVma, pfn, index, one, arg);
  }

  @Override
  public long vmaAddress(long index, Vma vma) {
    return MAINLINE.vmaAddress(index, vma);
  }

  @Override
  public void anonVmaChainLink(AnonVmaChain avc) {
    MAINLINE.anonVmaChainLink(avc);
  }

  @Override
  public void anonVmaChainUnlink(AnonVmaChain avc) {
    MAINLINE.anonVmaChainUnlink(avc);
  }

  @Override
  public void preUpdateVma(Vma vma) {
    MAINLINE.preUpdateVma(vma);
  }

  @Override
  public void postUpdateVma(Vma vma) {
    MAINLINE.postUpdateVma(vma);
  }

  @Override
  public void anonVmaLock(AnonVma anonVma) {
    MAINLINE.anonVmaLock(anonVma);
  }

  @Override
  public void anonVmaUnlock(AnonVma anonVma) {
    MAINLINE.anonVmaUnlock(anonVma);
  }

  @Override
  public void vmaAdjust(
      AnonVmas anonVmas, Vma vma, long start, long end, long pgoff, @Nullable Vma insert) {
    MAINLINE.vmaAdjust(anonVmas, vma, start, end, pgoff, insert);
  }
}
