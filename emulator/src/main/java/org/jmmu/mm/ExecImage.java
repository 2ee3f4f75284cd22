package org.jmmu.mm;

import java.util.List;
import org.jmmu.types.MappedFile;
import org.jspecify.annotations.Nullable;

/**
 * What execve is to make of an address space.
 *
 * @param segments in ascending order
 * @param arguments strings of the arguments and the environment; the new program finds them, each
 *     with a zero byte behind it, at the top of its stack
 * @param stackTop end of the stack, page aligned: {@link #STACK_TOP}, or below it what
 *     randomisation would choose
 */
public record ExecImage(List<Segment> segments, List<String> arguments, long stackTop) {
  /** End of the highest stack, where every stack is built. @kernel STACK_TOP_MAX */
  public static final long STACK_TOP = Mman.TASK_SIZE;

  /**
   * A loadable segment.
   *
   * @param vaddr first byte; its offset in its page is that of {@code offset}
   * @param fileSize bytes that come from the file; 0 without one
   * @param memSize bytes in memory: what lies behind {@code fileSize} is zero
   * @param prot PROT_...
   * @param file null for memory that is all zero; the caller keeps its reference
   * @param offset of the first byte in the file
   */
  public record Segment(
      long vaddr, long fileSize, long memSize, int prot, @Nullable MappedFile file, long offset) {}

  /** Without randomisation. */
  public ExecImage(List<Segment> segments, List<String> arguments) {
    this(segments, arguments, STACK_TOP);
  }
}
