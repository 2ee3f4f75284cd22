package org.jmmu.swap;

import java.io.IOException;
import java.util.UUID;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.Backing;

/**
 * One swap area in use.
 *
 * @kernel include/linux/swap.h:struct swap_info_struct
 */
public final class SwapInfo {
  final int type; // immutable
  final SwapMap map;
  final Backing backing;
  private final SwapHeader header;
  private volatile boolean writeOk = true; // SWP_WRITEOK

  SwapInfo(int type, SwapHeader header, Backing backing) {
    this.type = type;
    this.header = header;
    this.map = new SwapMap(header);
    this.backing = backing;
  }

  /** Its number, as in entries. */
  public int type() {
    return type;
  }

  public UUID uuid() {
    return header.uuid();
  }

  public String label() {
    return header.label();
  }

  /** Pages that it has room for. */
  public int pages() {
    return map.pages();
  }

  /** Pages that are in it, or will be. */
  public int inUsePages() {
    return map.inUse();
  }

  /** Whether pages may be swapped out to it: not while it is being switched off. */
  boolean isWriteOk() {
    return writeOk;
  }

  void setWriteOk(boolean ok) {
    writeOk = ok;
  }

  /**
   * Takes a slot for a page that is about to enter the swap cache, 0 if there is none.
   *
   * <pre>
   *   here                       swapoff
   *   slot counted as in use     SWP_WRITEOK cleared
   *   SWP_WRITEOK looked at      slots in use looked at
   * </pre>
   *
   * One of the two sees the other.
   */
  int allocate(long pfn) {
    if (!writeOk) {
      return SwapMap.NO_SLOT;
    }
    PausePoint.reach("swapInfo.writeOk");
    int slot = map.allocate(pfn);
    if (slot != SwapMap.NO_SLOT && !writeOk) {
      map.removeCached(slot, pfn);
      return SwapMap.NO_SLOT;
    }
    return slot;
  }

  /** The page is locked. @kernel mm/page_io.c:swap_read_folio */
  void read(long offset, long addr) throws IOException {
    backing.readFolio(offset, addr);
  }

  /**
   * The next slot in use.
   *
   * @param entry the last one; {@link SwpEntry#NONE} for the first
   * @return {@link SwpEntry#NONE} behind the last
   */
  public long nextEntry(long entry) {
    for (int slot = Swapfile.slot(entry) + 1; slot < map.length(); slot++) {
      if (map.isInUse(slot)) {
        return SwpEntry.of(type, slot);
      }
    }
    return SwpEntry.NONE;
  }

  @Override
  public String toString() {
    return "swap area " + type + ", " + inUsePages() + " of " + pages() + " pages in use";
  }
}
