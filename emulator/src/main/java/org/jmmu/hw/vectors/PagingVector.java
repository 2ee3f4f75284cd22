package org.jmmu.hw.vectors;

import java.util.OptionalInt;
import org.jmmu.hw.PteBits;
import org.jmmu.phys.PhysMemory;

/**
 * One row of a vector file: an access and what it must do. Entries are listed per walk, from the
 * PML4 entry down to the leaf; a second walk, of a page-crossing access, lists only the entries
 * that it does not share with the first.
 *
 * @param id case number
 * @param kind read, write or instruction fetch
 * @param bytes how many bytes are accessed
 * @param vaddr linear address, perhaps not canonical
 * @param user CPL 3, otherwise CPL 0
 * @param controls {@code CTL_*} bits
 * @param cr3Low bits 11:0 of CR3
 * @param pkru PKRU, also when protection keys are off
 * @param walks the entries of one walk or two, as they are before the access
 * @param leafLevels level of the leaf of each walk
 * @param outcome what an Intel CPU does
 * @param amdErrorCode if AMD raises a page fault instead, its error code
 */
@SuppressWarnings("ArrayRecordComponent") // rows are read, never compared
public record PagingVector(
    long id,
    Kind kind,
    int bytes,
    long vaddr,
    boolean user,
    int controls,
    int cr3Low,
    int pkru,
    long[][] walks,
    int[] leafLevels,
    Outcome outcome,
    OptionalInt amdErrorCode) {
  static final int CTL_WP = 1;
  static final int CTL_NXE = 1 << 1;
  static final int CTL_SMEP = 1 << 2;
  static final int CTL_SMAP = 1 << 3;
  static final int CTL_PKE = 1 << 4;
  static final int CTL_PCIDE = 1 << 5;
  static final int CTL_PGE = 1 << 6;
  static final int CTL_AC = 1 << 7;

  static final int VECTOR_NONE = 0;
  static final int VECTOR_GP = 13;
  static final int VECTOR_PF = 14;

  /** What an access does to memory. */
  public enum Kind {
    READ,
    WRITE,
    FETCH
  }

  /**
   * How an access ends.
   *
   * @param vector exception vector, {@link #VECTOR_NONE} if there is none
   * @param errorCode of the exception
   * @param cr2 CR2 after a page fault
   * @param changed per entry of {@link PagingVector#walks}, the bits that the access changes
   * @param changesOptional whether a CPU may leave these bits alone: the fault is on the second
   *     page
   * @param paddrs physical address of the first byte in each page; empty after an exception
   */
  @SuppressWarnings("ArrayRecordComponent") // as above
  public record Outcome(
      int vector,
      int errorCode,
      long cr2,
      long[][] changed,
      boolean changesOptional,
      long[] paddrs) {}

  boolean crosses() {
    return walks.length > 1;
  }

  boolean has(int controlBit) {
    return (controls & controlBit) != 0;
  }

  /** Level of entry {@code index} of a walk; the entries of a walk end at its leaf level. */
  int levelOf(int walk, int index) {
    return leafLevels[walk] + walks[walk].length - 1 - index;
  }

  /** First byte of the second page of a crossing access. */
  long secondPage() {
    return (vaddr + bytes - 1) & PhysMemory.PAGE_MASK;
  }

  /** The outcome on an AMD CPU, where bit 8 of a PML4 entry is reserved. */
  Outcome amdOutcome() {
    if (amdErrorCode.isEmpty()) {
      return outcome;
    }
    // Like every fault this one belongs to the page whose walk met it.
    boolean onFirst = (walks[0][0] & PteBits.G) != 0;
    long[][] changed = new long[walks.length][];
    for (int walk = 0; walk < walks.length; walk++) {
      changed[walk] = onFirst || walk > 0 ? new long[walks[walk].length] : outcome.changed()[walk];
    }
    long cr2 = onFirst ? vaddr : secondPage();
    return new Outcome(VECTOR_PF, amdErrorCode.getAsInt(), cr2, changed, !onFirst, new long[0]);
  }
}
