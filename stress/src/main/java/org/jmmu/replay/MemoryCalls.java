package org.jmmu.replay;

import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_FIXED_NOREPLACE;
import static org.jmmu.mm.Mman.MREMAP_FIXED;
import static org.jmmu.mm.Mman.MREMAP_MAYMOVE;
import static org.jmmu.phys.PhysMemory.PAGE_MASK;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import org.jmmu.mm.Mman;
import org.jmmu.replay.Values.UnknownValueException;
import org.jmmu.sys.Process;

/**
 * Makes the memory calls of a log, and holds their results against it.
 *
 * <p>Where the kernel chose an address, the emulator either gets the same one imposed or chooses
 * itself. If it chooses otherwise, the mapping is moved to where Linux had it, so that one
 * difference does not make others.
 */
final class MemoryCalls {
  private final Process process;
  private final DescriptorCalls descriptors;
  private final TouchModel touches;
  private final ReplayResult result;
  private final boolean place;

  MemoryCalls(
      Process process,
      DescriptorCalls descriptors,
      TouchModel touches,
      ReplayResult result,
      boolean place) {
    this.process = process;
    this.descriptors = descriptors;
    this.touches = touches;
    this.result = result;
    this.place = place;
  }

  /** Whether it was a call that is modelled. */
  boolean replay(int line, Task task, SystemCall call) throws UnknownValueException {
    switch (call.name()) {
      case "mmap" -> mmap(line, task, call);
      case "munmap" -> munmap(line, call);
      case "mprotect" -> mprotect(line, call);
      case "pkey_mprotect" -> pkeyMprotect(line, call);
      case "pkey_alloc" -> pkeyAlloc(line, call);
      case "pkey_free" -> pkeyFree(line, call);
      case "mremap" -> mremap(line, call);
      case "brk" -> brk(line, call);
      case "madvise" -> madvise(line, call);
      case "mlock" -> mlock(line, call);
      case "mlock2" -> mlock2(line, call);
      case "munlock" -> munlock(line, call);
      case "mlockall" -> mlockall(line, call);
      case "munlockall" -> result.compare(line, call, Outcome.of(process::munlockall));
      case "msync" -> msync(line, call);
      case "mincore" -> mincore(line, call);
      default -> {
        return false;
      }
    }
    return true;
  }

  private void mmap(int line, Task task, SystemCall call) throws UnknownValueException {
    long hint = Values.of(call.arg(0));
    long length = Values.of(call.arg(1));
    int prot = (int) Values.of(call.arg(2));
    int flags = (int) Values.of(call.arg(3));
    int fd = (flags & Mman.MAP_ANONYMOUS) != 0 ? -1 : descriptors.fd(task, call.arg(4));
    long offset = Values.of(call.arg(5));
    boolean fixed = (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0;
    touches.nextCall(task, fixed ? hint : 0);
    if (!call.succeeded() || fixed) {
      Outcome outcome = Outcome.of(() -> process.mmap(hint, length, prot, flags, fd, offset));
      result.compareAddress(line, call, outcome);
      if (call.succeeded() && outcome.succeeded()) {
        touches.fixed(task, hint, hint + pageAlign(length));
      } else if (!call.succeeded() && outcome.succeeded() && !fixed) {
        process.munmap(outcome.value(), length);
      }
      return;
    }
    long traced = Values.leadingNumber(call.result());
    long asked = place ? hint : traced;
    int how = place ? flags : flags | MAP_FIXED_NOREPLACE;
    Outcome outcome = Outcome.of(() -> process.mmap(asked, length, prot, how, fd, offset));
    if (place && outcome.succeeded()) {
      result.placed(line, call, outcome);
    } else {
      result.compareAddress(line, call, outcome);
    }
    if (!outcome.succeeded() || outcome.value() != traced) {
      if (outcome.succeeded()) {
        process.munmap(outcome.value(), length);
      }
      Outcome _ =
          Outcome.of(() -> process.mmap(traced, length, prot, flags | MAP_FIXED, fd, offset));
    }
    touches.placed(traced, traced + pageAlign(length), prot);
  }

  private void munmap(int line, SystemCall call) throws UnknownValueException {
    long start = Values.of(call.arg(0));
    long length = Values.of(call.arg(1));
    result.compare(line, call, Outcome.of(() -> process.munmap(start, length)));
    if (call.succeeded()) {
      touches.unmapped(start, start + pageAlign(length));
    }
  }

  private void mprotect(int line, SystemCall call) throws UnknownValueException {
    long start = Values.of(call.arg(0));
    long length = Values.of(call.arg(1));
    int prot = (int) Values.of(call.arg(2));
    result.compare(line, call, Outcome.of(() -> process.mprotect(start, length, prot)));
    touches.changed(start, start + pageAlign(length));
  }

  private void pkeyMprotect(int line, SystemCall call) throws UnknownValueException {
    long start = Values.of(call.arg(0));
    long length = Values.of(call.arg(1));
    int prot = (int) Values.of(call.arg(2));
    int pkey = (int) Values.of(call.arg(3));
    result.compare(line, call, Outcome.of(() -> process.pkeyMprotect(start, length, prot, pkey)));
    touches.changed(start, start + pageAlign(length));
  }

  /** A failure says that the machine of the log had no keys, or none left: nothing changed. */
  private void pkeyAlloc(int line, SystemCall call) throws UnknownValueException {
    if (call.succeeded()) {
      int flags = (int) Values.of(call.arg(0));
      int rights = (int) Values.of(call.arg(1));
      result.compareAddress(line, call, Outcome.of(() -> process.pkeyAlloc(flags, rights)));
    }
  }

  private void pkeyFree(int line, SystemCall call) throws UnknownValueException {
    int pkey = (int) Values.of(call.arg(0));
    result.compare(line, call, Outcome.of(() -> process.pkeyFree(pkey)));
  }

  private void mremap(int line, SystemCall call) throws UnknownValueException {
    long from = Values.of(call.arg(0));
    long oldLength = Values.of(call.arg(1));
    long newLength = Values.of(call.arg(2));
    int flags = (int) Values.of(call.arg(3));
    long to = call.args().size() > 4 ? Values.of(call.arg(4)) : 0;
    boolean chosen =
        call.succeeded() && (flags & (MREMAP_MAYMOVE | MREMAP_FIXED)) == MREMAP_MAYMOVE;
    long traced = Values.leadingNumber(call.result());
    boolean impose = chosen && !place && traced != from;
    int how = impose ? flags | MREMAP_FIXED : flags;
    long asked = impose ? traced : to;
    Outcome outcome = Outcome.of(() -> process.mremap(from, oldLength, newLength, how, asked));
    if (place && chosen && outcome.succeeded()) {
      result.placed(line, call, outcome);
    } else {
      result.compareAddress(line, call, outcome);
    }
    if (chosen && outcome.succeeded() && outcome.value() != traced) {
      Outcome _ =
          Outcome.of(
              () ->
                  process.mremap(
                      outcome.value(),
                      newLength,
                      newLength,
                      MREMAP_MAYMOVE | MREMAP_FIXED,
                      traced));
    }
    if (call.succeeded()) {
      touches.moved(from, traced, traced + pageAlign(newLength));
    }
  }

  private void brk(int line, SystemCall call) throws UnknownValueException {
    long end = Values.of(call.arg(0));
    long before = process.mm().brk;
    result.compareAddress(line, call, Outcome.of(() -> process.brk(end)));
    long start = pageAlign(before);
    long now = pageAlign(Values.leadingNumber(call.result()));
    if (now > start) {
      touches.placed(start, now, Mman.PROT_READ | Mman.PROT_WRITE);
    }
  }

  private void madvise(int line, SystemCall call) throws UnknownValueException {
    long start = Values.of(call.arg(0));
    long length = Values.of(call.arg(1));
    int advice = (int) Values.of(call.arg(2));
    result.compare(line, call, Outcome.of(() -> process.madvise(start, length, advice)));
  }

  private void mlock(int line, SystemCall call) throws UnknownValueException {
    long start = Values.of(call.arg(0));
    long length = Values.of(call.arg(1));
    result.compare(line, call, Outcome.of(() -> process.mlock(start, length)));
  }

  private void mlock2(int line, SystemCall call) throws UnknownValueException {
    long start = Values.of(call.arg(0));
    long length = Values.of(call.arg(1));
    int flags = (int) Values.of(call.arg(2));
    result.compare(line, call, Outcome.of(() -> process.mlock2(start, length, flags)));
  }

  private void munlock(int line, SystemCall call) throws UnknownValueException {
    long start = Values.of(call.arg(0));
    long length = Values.of(call.arg(1));
    result.compare(line, call, Outcome.of(() -> process.munlock(start, length)));
  }

  private void mlockall(int line, SystemCall call) throws UnknownValueException {
    int flags = (int) Values.of(call.arg(0));
    result.compare(line, call, Outcome.of(() -> process.mlockall(flags)));
  }

  private void msync(int line, SystemCall call) throws UnknownValueException {
    long start = Values.of(call.arg(0));
    long length = Values.of(call.arg(1));
    int flags = (int) Values.of(call.arg(2));
    result.compare(line, call, Outcome.of(() -> process.msync(start, length, flags)));
  }

  private void mincore(int line, SystemCall call) throws UnknownValueException {
    long start = Values.of(call.arg(0));
    long length = Values.of(call.arg(1));
    result.compare(line, call, Outcome.of(() -> process.mincore(start, length).length));
  }

  private static long pageAlign(long length) {
    return (length + PAGE_SIZE - 1) & PAGE_MASK;
  }
}
