package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_MASK;
import static org.jmmu.types.VmFlags.VM_EXEC;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;

/**
 * Fills the address space of a new program: stack, segments, start of the heap.
 *
 * @kernel fs/exec.c:bprm_execve, fs/binfmt_elf.c:load_elf_binary
 */
public final class Exec {
  private final Mmap mmap;
  private final Brk brk;
  private final ExecStack stack;
  private final WriteUser writeUser;

  public Exec(Mmap mmap, Brk brk, ExecStack stack, WriteUser writeUser) {
    this.mmap = mmap;
    this.brk = brk;
    this.stack = stack;
    this.writeUser = writeUser;
  }

  /**
   * Fills {@code mm}, a new and empty address space that nobody else uses yet.
   *
   * @throws ErrnoException ENOMEM, or as mmap(2); {@code mm} then holds a part and is to be torn
   *     down
   */
  public void fill(Mm mm, ExecImage image) {
    stack.build(mm, strings(image.arguments()));
    stack.settle(mm, image.stackTop());
    long end = 0;
    for (ExecImage.Segment segment : image.segments()) {
      map(mm, segment);
      end = Math.max(end, segment.vaddr() + segment.memSize());
    }
    mm.startBrk = Mman.pageAlign(end);
    mm.brk = mm.startBrk;
  }

  private static byte[] strings(List<String> arguments) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (String argument : arguments) {
      all.writeBytes(argument.getBytes(StandardCharsets.UTF_8));
      all.write(0);
    }
    return all.toByteArray();
  }

  /**
   * @kernel fs/binfmt_elf.c:padzero
   */
  private void padZero(Mm mm, long vaddr, int length) {
    try {
      writeUser.write(mm, vaddr, new byte[length]);
    } catch (ErrnoException e) {
      throw new ErrnoException(Errno.EFAULT, "the last page of a segment");
    }
  }

  /**
   * @kernel fs/binfmt_elf.c:elf_load
   */
  private void map(Mm mm, ExecImage.Segment segment) {
    long fileEnd = segment.vaddr() + segment.fileSize();
    long start = segment.vaddr() & PAGE_MASK;
    long zeroStart = start;
    if (segment.fileSize() > 0) {
      long inPage = segment.vaddr() - start;
      int flags = Mman.MAP_PRIVATE | Mman.MAP_FIXED_NOREPLACE;
      long _ =
          mmap.mmap(
              mm,
              start,
              fileEnd - start,
              segment.prot(),
              flags,
              segment.file(),
              segment.offset() - inPage);
      zeroStart = Mman.pageAlign(fileEnd);
    }
    if (segment.memSize() <= segment.fileSize()) {
      return;
    }
    if ((segment.prot() & Mman.PROT_WRITE) != 0 && fileEnd < zeroStart) {
      padZero(mm, fileEnd, (int) (zeroStart - fileEnd));
    }
    long end = Mman.pageAlign(segment.vaddr() + segment.memSize());
    if (end > zeroStart) {
      long exec = (segment.prot() & Mman.PROT_EXEC) != 0 ? VM_EXEC : 0;
      brk.mapZeros(mm, zeroStart, end, exec);
    }
  }
}
