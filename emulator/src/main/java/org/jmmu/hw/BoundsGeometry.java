package org.jmmu.hw;

/**
 * Where the bounds of a pointer are kept: a directory, indexed by the upper part of the pointer's
 * own address, names tables, indexed by the lower part (Intel SDM vol 1, 17.4.3).
 *
 * <pre>
 *   64 bit   63      48 47                        20 19               3 2  0
 *            +---------+----------------------------+------------------+----+
 *            |         | directory entry, 8 bytes   | table entry, 32  |    |
 *            +---------+----------------------------+------------------+----+
 *   32 bit                       31        12 11            2 1  0
 *                                +-----------+---------------+----+
 *                                | 4 bytes   | 16 bytes      |    |
 *                                +-----------+---------------+----+
 *   directory entry   | address of the table                  ..  |V|   V: bit 0, valid
 *   table entry       | lower | upper, complemented | pointer | reserved |
 * </pre>
 */
public enum BoundsGeometry {
  /** A directory of 2 GiB, tables of 4 MiB, each for 1 MiB of addresses. */
  BITS_64(48, 20, 3, 8, 8),
  /** A directory of 4 MiB, tables of 16 KiB, each for 4 KiB of addresses. */
  BITS_32(32, 12, 2, 4, 4);

  /** Bit of a directory entry: there is a table. */
  public static final long VALID = 1;

  private final int addressBits;
  private final int directoryShift;
  private final int tableShift;
  private final int directoryEntryBytes;
  private final int wordBytes;

  BoundsGeometry(
      int addressBits, int directoryShift, int tableShift, int directoryEntryBytes, int wordBytes) {
    this.addressBits = addressBits;
    this.directoryShift = directoryShift;
    this.tableShift = tableShift;
    this.directoryEntryBytes = directoryEntryBytes;
    this.wordBytes = wordBytes;
  }

  public long directoryBytes() {
    return (1L << (addressBits - directoryShift)) * directoryEntryBytes;
  }

  public long tableBytes() {
    return (1L << (directoryShift - tableShift)) * tableEntryBytes();
  }

  public int directoryEntryBytes() {
    return directoryEntryBytes;
  }

  public int tableEntryBytes() {
    return 4 * wordBytes;
  }

  /** Bytes of one of the words that bounds and table entries consist of. */
  public int wordBytes() {
    return wordBytes;
  }

  /** Bytes of addresses that one directory entry, and so one table, is for. */
  public long spanBytes() {
    return 1L << directoryShift;
  }

  /** Offset in the directory of the entry for a pointer at {@code vaddr}. */
  public long directoryOffset(long vaddr) {
    long index = (vaddr & (1L << addressBits) - 1) >>> directoryShift;
    return index * directoryEntryBytes;
  }

  /** Offset in its table of the entry for a pointer at {@code vaddr}. */
  public long tableOffset(long vaddr) {
    long index = (vaddr & spanBytes() - 1) >>> tableShift;
    return index * tableEntryBytes();
  }

  /** First address that the directory entry at {@code offset} is for. */
  public long spanStart(long offset) {
    return (offset / directoryEntryBytes) << directoryShift;
  }

  public static boolean isValid(long entry) {
    return (entry & VALID) != 0;
  }

  /** Address of the table that a directory entry names; the low bits do not count. */
  public long tableAddr(long entry) {
    return entry & -wordBytes;
  }
}
