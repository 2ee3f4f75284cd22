package org.jmmu.swap;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;

/**
 * First page of a swap area: what mkswap(8) writes.
 *
 * <pre>
 *  0      1024      1028        1032       1036     1052     1068      1536           4086
 *  +------+---------+-----------+----------+--------+--------+---------+--------------+------------+
 *  | boot | version | last page | nr of bad| UUID   | label  | padding | bad pages    | SWAPSPACE2 |
 *  +------+---------+-----------+----------+--------+--------+---------+--------------+------------+
 * </pre>
 *
 * Numbers are of 32 bits, in the byte order of the machine that made the area; the version tells
 * which that was.
 *
 * @param lastPage number of the last page, counted from the header's, which is 0
 * @param badPages pages not to be used
 * @param label at most 16 bytes
 * @kernel include/linux/swap.h:union swap_header
 */
public record SwapHeader(long lastPage, List<Integer> badPages, UUID uuid, String label) {
  private static final int VERSION_AT = 1024;
  private static final int LAST_PAGE_AT = 1028;
  private static final int NR_BAD_PAGES_AT = 1032;
  private static final int UUID_AT = 1036;
  private static final int LABEL_AT = 1052;
  private static final int LABEL_BYTES = 16;
  private static final int BAD_PAGES_AT = 1536;
  private static final int VERSION = 1;
  private static final byte[] SIGNATURE = "SWAPSPACE2".getBytes(StandardCharsets.US_ASCII);
  private static final int SIGNATURE_AT = (int) PAGE_SIZE - SIGNATURE.length;
  private static final int MAX_BAD_PAGES = (SIGNATURE_AT - BAD_PAGES_AT) / Integer.BYTES;

  public SwapHeader {
    badPages = List.copyOf(badPages);
  }

  /** A header for an area of {@code nrPages} pages, its own included, that are all good. */
  public static SwapHeader ofPages(int nrPages, String label) {
    return new SwapHeader(nrPages - 1L, List.of(), UUID.randomUUID(), label);
  }

  /** Whether a page ends as the header of an area does whose pages end with it. */
  static boolean hasSignature(byte[] page) {
    return Arrays.equals(page, SIGNATURE_AT, page.length, SIGNATURE, 0, SIGNATURE.length);
  }

  /**
   * @param page with signature
   * @throws ErrnoException EINVAL if it makes no sense
   * @kernel mm/swapfile.c:read_swap_header
   */
  static SwapHeader parse(byte[] page) {
    ByteBuffer bytes = ByteBuffer.wrap(page).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.getInt(VERSION_AT) == Integer.reverseBytes(VERSION)) {
      bytes.order(ByteOrder.BIG_ENDIAN);
    }
    int version = bytes.getInt(VERSION_AT);
    if (version != VERSION) {
      throw invalid("version " + Integer.toUnsignedString(version) + " of swap areas is unknown");
    }
    long lastPage = Integer.toUnsignedLong(bytes.getInt(LAST_PAGE_AT));
    int nrBadPages = bytes.getInt(NR_BAD_PAGES_AT);
    if (nrBadPages < 0 || nrBadPages > MAX_BAD_PAGES) {
      throw invalid(Integer.toUnsignedString(nrBadPages) + " bad pages are more than there can be");
    }
    List<Integer> badPages =
        IntStream.range(0, nrBadPages)
            .mapToObj(i -> bytes.getInt(BAD_PAGES_AT + i * Integer.BYTES))
            .toList();
    for (int bad : badPages) {
      if (bad == 0 || Integer.toUnsignedLong(bad) > lastPage) {
        throw invalid("bad page " + Integer.toUnsignedString(bad) + " of " + lastPage);
      }
    }
    if (lastPage == 0 || badPages.stream().distinct().count() == lastPage) {
      throw invalid("the area has no page to swap to");
    }
    return new SwapHeader(lastPage, badPages, uuid(page), label(page));
  }

  /** The page to write at the start of the area. */
  public byte[] toPage() {
    byte[] page = new byte[(int) PAGE_SIZE];
    ByteBuffer bytes = ByteBuffer.wrap(page).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(VERSION_AT, VERSION);
    bytes.putInt(LAST_PAGE_AT, (int) lastPage);
    bytes.putInt(NR_BAD_PAGES_AT, badPages.size());
    for (int i = 0; i < badPages.size(); i++) {
      bytes.putInt(BAD_PAGES_AT + i * Integer.BYTES, badPages.get(i));
    }
    // The UUID is a string of bytes, in the order in which it is written out.
    bytes.order(ByteOrder.BIG_ENDIAN);
    bytes.putLong(UUID_AT, uuid.getMostSignificantBits());
    bytes.putLong(UUID_AT + Long.BYTES, uuid.getLeastSignificantBits());
    bytes.put(LABEL_AT, label.getBytes(StandardCharsets.UTF_8));
    bytes.put(SIGNATURE_AT, SIGNATURE);
    return page;
  }

  private static UUID uuid(byte[] page) {
    ByteBuffer bytes = ByteBuffer.wrap(page);
    return new UUID(bytes.getLong(UUID_AT), bytes.getLong(UUID_AT + Long.BYTES));
  }

  private static String label(byte[] page) {
    int end = LABEL_AT;
    while (end < LABEL_AT + LABEL_BYTES && page[end] != 0) {
      end++;
    }
    return new String(page, LABEL_AT, end - LABEL_AT, StandardCharsets.UTF_8);
  }

  static ErrnoException invalid(String why) {
    return new ErrnoException(Errno.EINVAL, why);
  }
}
