package org.jmmu.swap;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;

import java.util.ArrayList;
import java.util.List;
import org.jmmu.alloc.FailAlloc;
import org.jmmu.alloc.Frames;
import org.jmmu.phys.PhysMemory;
import org.jmmu.types.Backing;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jspecify.annotations.Nullable;

/**
 * The swap areas of a machine: switching them on and off, and slots by their entries.
 *
 * @kernel mm/swapfile.c
 */
public final class Swapfile {
  /** What an area lives on. */
  public enum Medium {
    /** A regular file: it has no bad pages. */
    FILE,
    /** A block device, or memory. */
    DEVICE
  }

  private final ReadSwapHeader readSwapHeader;
  private final FailAlloc failAlloc;

  /** By type; replaced as a whole, guarded by this. */
  private volatile @Nullable SwapInfo[] infos = {};

  public Swapfile(PhysMemory phys, Frames frames, FailAlloc failAlloc) {
    this.readSwapHeader = new ReadSwapHeader(phys, frames);
    this.failAlloc = failAlloc;
  }

  /**
   * Switches an area on. Areas are filled in the order of their types.
   *
   * @param bytes of the file or device
   * @throws ErrnoException EINVAL if mkswap did not make it for this machine, or it is too short;
   *     EIO if it cannot be read; EBUSY if it is on already; EPERM if there are too many; ENOMEM
   * @kernel mm/swapfile.c:SYSCALL_DEFINE2(swapon)
   */
  public synchronized SwapInfo swapon(Backing backing, long bytes, Medium medium) {
    for (SwapInfo info : areas()) {
      if (info.backing.equals(backing)) {
        throw new ErrnoException(Errno.EBUSY, "the swap area is on already");
      }
    }
    int type = freeType();
    SwapHeader header = readSwapHeader.read(backing, bytes >>> PAGE_SHIFT);
    if (header.lastPage() >= bytes >>> PAGE_SHIFT) {
      throw SwapHeader.invalid("the swap area is shorter than its header says");
    }
    if (medium == Medium.FILE && !header.badPages().isEmpty()) {
      throw SwapHeader.invalid("a swap file with bad pages");
    }
    SwapInfo info = new SwapInfo(type, header, backing);
    set(type, info);
    return info;
  }

  /**
   * Lets no page be swapped out to an area any more.
   *
   * @throws ErrnoException EINVAL if it is off, or about to be
   */
  public synchronized void beginSwapoff(SwapInfo info) {
    if (!areas().contains(info) || !info.isWriteOk()) {
      throw new ErrnoException(Errno.EINVAL, "the swap area is not on");
    }
    info.setWriteOk(false);
  }

  /** Nothing is in the area any more: forgets it. */
  public synchronized void endSwapoff(SwapInfo info) {
    set(info.type, null);
    info.backing.close();
  }

  /** Not everything could be brought back: the area is used as before. */
  public synchronized void cancelSwapoff(SwapInfo info) {
    info.setWriteOk(true);
  }

  /** Drops all areas, whatever is in them: the machine is to be used afresh. */
  public synchronized void reset() {
    for (SwapInfo info : areas()) {
      endSwapoff(info);
    }
    infos = new SwapInfo[0];
  }

  /** Whether there is somewhere to swap to. */
  public boolean hasAreas() {
    for (SwapInfo info : infos) {
      if (info != null) {
        return true;
      }
    }
    return false;
  }

  /** All areas that are on. */
  public List<SwapInfo> areas() {
    List<SwapInfo> areas = new ArrayList<>();
    for (SwapInfo info : infos) {
      if (info != null) {
        areas.add(info);
      }
    }
    return areas;
  }

  /** The area of an entry, null if the entry names no slot of any: it was free for all we know. */
  @Nullable SwapInfo infoOf(long entry) {
    @Nullable SwapInfo[] all = infos;
    int type = SwpEntry.type(entry);
    if (type < 0 || type >= all.length) {
      return null;
    }
    SwapInfo info = all[type];
    long offset = SwpEntry.offset(entry);
    return info != null && offset > 0 && offset < info.map.length() ? info : null;
  }

  /** Takes a slot for a page; {@link SwpEntry#NONE} if there is none. */
  long allocate(long pfn) {
    for (SwapInfo info : infos) {
      if (info != null) {
        int slot = info.allocate(pfn);
        if (slot != SwapMap.NO_SLOT) {
          return SwpEntry.of(info.type, slot);
        }
      }
    }
    return SwpEntry.NONE;
  }

  /**
   * A page-table entry more is about to name the slot. The caller holds the ptl of one that does,
   * or has the page locked.
   *
   * @return false if there is no memory to count that far
   * @kernel mm/swapfile.c:swap_duplicate
   */
  public boolean duplicate(long entry) {
    SwapMap map = map(entry);
    int slot = slot(entry);
    if (map.needsContinuation(slot) && failAlloc.shouldFail("swap count continuation")) {
      return false;
    }
    map.duplicate(slot);
    return true;
  }

  /**
   * Page-table entries that name the slot; 0 if it is free, or there is no such slot.
   *
   * @kernel mm/swapfile.c:swp_swapcount
   */
  public int count(long entry) {
    SwapInfo info = infoOf(entry);
    return info == null ? 0 : info.map.count(slot(entry));
  }

  /** The frame that the swap cache has for a slot; 0 if it has none. */
  public long cached(long entry) {
    SwapInfo info = infoOf(entry);
    return info == null ? 0 : info.map.cached(slot(entry));
  }

  /** Whether a slot is neither free nor bad. */
  public boolean isInUse(long entry) {
    SwapInfo info = infoOf(entry);
    return info != null && info.map.isInUse(slot(entry));
  }

  /** Whether swap is so full that a copy there is not worth its slot. */
  boolean isFull() {
    long pages = 0;
    long inUse = 0;
    for (SwapInfo info : infos) {
      if (info != null) {
        pages += info.pages();
        inUse += info.inUsePages();
      }
    }
    return inUse * 2 > pages;
  }

  /** Of an entry that the caller knows to be in use. */
  SwapMap map(long entry) {
    SwapInfo info = infoOf(entry);
    if (info == null) {
      throw new IllegalStateException("no swap area has entry 0x" + Long.toHexString(entry));
    }
    return info.map;
  }

  static int slot(long entry) {
    return (int) SwpEntry.offset(entry);
  }

  private int freeType() {
    int type = 0;
    while (type < infos.length && infos[type] != null) {
      type++;
    }
    if (type == SwapPte.MAX_SWAPFILES) {
      throw new ErrnoException(Errno.EPERM, "more than " + type + " swap areas");
    }
    return type;
  }

  private void set(int type, @Nullable SwapInfo info) {
    @Nullable SwapInfo[] changed = new SwapInfo[Math.max(infos.length, type + 1)];
    System.arraycopy(infos, 0, changed, 0, infos.length);
    changed[type] = info;
    infos = changed;
  }
}
