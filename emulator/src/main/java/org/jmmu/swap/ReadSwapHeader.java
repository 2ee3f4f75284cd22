package org.jmmu.swap;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.io.IOException;
import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;
import org.jmmu.types.Backing;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;

/**
 * Finds out whether a file or device is a swap area.
 *
 * @kernel mm/swapfile.c:read_swap_header
 */
final class ReadSwapHeader {
  /** Page sizes of other machines, on which an area may have been made. */
  private static final int[] OTHER_PAGE_SIZES = {8 << 10, 16 << 10, 32 << 10, 64 << 10};

  private final PhysMemory phys;
  private final Frames frames;

  ReadSwapHeader(PhysMemory phys, Frames frames) {
    this.phys = phys;
    this.frames = frames;
  }

  /**
   * @param nrPages of the file or device
   * @throws ErrnoException EINVAL if it is no swap area for this machine, EIO, ENOMEM
   */
  SwapHeader read(Backing backing, long nrPages) {
    long pfn = frames.alloc(FrameType.USER);
    if (pfn == Buddy.NO_FRAME) {
      throw new ErrnoException(Errno.ENOMEM, "no frame to read the swap header");
    }
    try {
      byte[] page = readPage(backing, 0, pfn);
      if (!SwapHeader.hasSignature(page)) {
        throw SwapHeader.invalid(whyNoSignature(backing, nrPages, pfn));
      }
      return SwapHeader.parse(page);
    } catch (IOException e) {
      throw new ErrnoException(Errno.EIO, "the swap header cannot be read");
    } finally {
      frames.put(pfn);
    }
  }

  private String whyNoSignature(Backing backing, long nrPages, long pfn) throws IOException {
    for (int pageSize : OTHER_PAGE_SIZES) {
      long last = pageSize / PAGE_SIZE - 1;
      if (last < nrPages && SwapHeader.hasSignature(readPage(backing, last, pfn))) {
        return "the swap area is for pages of " + pageSize + " bytes, not " + PAGE_SIZE;
      }
    }
    return "no signature of a swap area of version 1";
  }

  private byte[] readPage(Backing backing, long index, long pfn) throws IOException {
    byte[] page = new byte[(int) PAGE_SIZE];
    backing.readFolio(index, phys.frameAddr(pfn));
    Mem.copyOut(phys.frameAddr(pfn), page, 0, page.length);
    return page;
  }
}
