package org.jmmu.differential;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.util.Set;
import org.jmmu.differential.Result.Kind;
import org.jmmu.hugetlb.HugePages;
import org.jmmu.hw.Cpu;
import org.jmmu.mm.Mman;
import org.jmmu.sys.Machine;
import org.jmmu.sys.Process;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.VmFlags;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/** The processes of one sequence, each on a CPU of its own, and the calls they make. */
final class EmulatorProcesses {
  /** As in peer.c. */
  static final int MAX = 4;

  /** As in peer.c. */
  private static final long MEMLOCK_PAGES = 96;

  private static final int NOBODY = -1;
  private static final int FIXED = Mman.MAP_FIXED | Mman.MAP_FIXED_NOREPLACE;

  private final Machine machine;
  private final EmulatorFiles files;
  private final EmulatorState state;
  private final StateRecorder recorder;
  private final @Nullable Process[] processes = new @Nullable Process[MAX];
  private final int[] parents = new int[MAX];
  private Kind kind = Kind.OK; // of the call that is being made

  EmulatorProcesses(Machine machine, Set<Observation> observations, StateRecorder recorder) {
    this.machine = machine;
    this.recorder = recorder;
    Process first = machine.spawn();
    first.mm().rlimits.memlock = MEMLOCK_PAGES * PAGE_SIZE;
    start(0, 0, first);
    files = new EmulatorFiles(machine, first, observations);
    state = new EmulatorState(machine, files, observations, recorder);
  }

  private void start(int who, int parent, Process process) {
    processes[who] = process;
    parents[who] = parent;
    Cpu _ = process.runOn(machine.cpu(who));
  }

  Result make(Call call) {
    Process caller = processes[call.who()];
    if (caller == null) {
      return new Result(Kind.NO_PROCESS, 0, 0);
    }
    kind = Kind.OK;
    long value;
    try {
      value = execute(caller, call);
    } catch (ErrnoException e) {
      kind = Kind.ERRNO;
      value = e.errno().number();
    }
    state.observe(caller, machine.cpu(call.who()), call.op() == Op.CHECK);
    return new Result(kind, value, recorder.hash());
  }

  private long execute(Process caller, Call call) {
    Cpu cpu = machine.cpu(call.who());
    long first = call.op().nrArguments() > 0 ? call.argument(0) : 0;
    switch (call.op()) {
      case MMAP -> {
        return mmap(caller, call);
      }
      case MREMAP -> {
        return mremap(caller, call);
      }
      case READ -> {
        return ended(Access.load(cpu, first));
      }
      case WRITE -> {
        return ended(Access.store(cpu, first, call.argument(1)));
      }
      case FORK -> fork(caller, call.who(), (int) first);
      case KILL -> kill(call.who(), (int) first);
      case CHECK -> machine.check();
      case FTRUNCATE, FALLOCATE, PREAD, PWRITE -> {
        return files.make(caller, call);
      }
      case MUNMAP -> {
        if (isInside(first, call.argument(1))) {
          caller.munmap(first, call.argument(1));
        }
      }
      case MPROTECT -> mprotect(caller, call);
      case MADVISE, MLOCK, MLOCK2, MUNLOCK, MSYNC -> onMapped(caller, call);
      case MINCORE -> {
        return mincore(caller, call);
      }
      case MLOCKALL -> caller.mlockall((int) first);
      case MUNLOCKALL -> caller.munlockall();
    }
    return 0;
  }

  private long ended(Access access) {
    kind = access.kind();
    return access.value();
  }

  /** Calls on what is mapped in a range. */
  private void onMapped(Process caller, Call call) {
    long vaddr = call.argument(0);
    long length = call.argument(1);
    if (Window.mayBeLeftBy(vaddr, length)) {
      kind = Kind.REFUSED;
      return;
    }
    int third = call.op().nrArguments() > 2 ? (int) call.argument(2) : 0;
    switch (call.op()) {
      case MADVISE -> caller.madvise(vaddr, length, third);
      case MLOCK -> caller.mlock(vaddr, length);
      case MLOCK2 -> caller.mlock2(vaddr, length, third);
      case MUNLOCK -> caller.munlock(vaddr, length);
      case MSYNC -> caller.msync(vaddr, length, third);
      default -> throw new IllegalArgumentException(call.toString());
    }
  }

  private long mincore(Process caller, Call call) {
    if (!isInside(call.argument(0), call.argument(1))) {
      return 0;
    }
    long sum = 0;
    byte[] inCore = caller.mincore(call.argument(0), call.argument(1));
    files.forgetDisk(caller.mm(), call.argument(0), inCore);
    for (byte page : inCore) {
      sum = sum * 31 + (page & 1);
    }
    return sum;
  }

  /** Ends at the first hole, unless it looks for a stack. */
  private void mprotect(Process caller, Call call) {
    long vaddr = call.argument(0);
    long length = call.argument(1);
    int prot = (int) call.argument(2);
    boolean looksFar = (prot & Mman.PROT_GROWSDOWN) != 0 && Window.mayBeLeftBy(vaddr, length);
    if (looksFar || Window.isLeftBy(vaddr, length)) {
      kind = Kind.REFUSED;
    } else {
      caller.mprotect(vaddr, length, prot);
    }
  }

  private long mmap(Process caller, Call call) {
    long length = call.argument(1);
    int flags = (int) call.argument(3);
    if ((flags & FIXED) != 0 ? !isInside(call.argument(0), length) : !isPlaceable(length)) {
      return 0;
    }
    return placed(
        caller,
        caller.mmap(
            call.argument(0),
            length,
            (int) call.argument(2),
            flags,
            files.fd(call.argument(4)),
            call.argument(5)),
        length);
  }

  /** It may grow where it is, or be moved. */
  private long mremap(Process caller, Call call) {
    long vaddr = call.argument(0);
    long oldLength = call.argument(1);
    long newLength = call.argument(2);
    int flags = (int) call.argument(3);
    long newVaddr = call.argument(4);
    if (!isInside(vaddr, oldLength)
        || !isInside(vaddr, newLength)
        || !isPlaceable(newLength)
        || ((flags & Mman.MREMAP_FIXED) != 0 && !isInside(newVaddr, newLength))) {
      return 0;
    }
    if (losesReservations(caller, vaddr, oldLength)) {
      kind = Kind.REFUSED;
      return 0;
    }
    return placed(caller, caller.mremap(vaddr, oldLength, newLength, flags, newVaddr), newLength);
  }

  /** As {@code loses_reservations()} of peer.c: what Linux does wrongly cannot be compared. */
  private static boolean losesReservations(Process caller, long start, long length) {
    long end = start + HugePages.align(length);
    for (Vma vma : caller.mm().vmas.snapshot()) {
      boolean part = vma.vmStartGetOpaque() < start || vma.vmEndGetOpaque() > end;
      boolean inRange = start < end && vma.vmStartGetOpaque() < end && vma.vmEndGetOpaque() > start;
      boolean isPrivate = (vma.vmFlagsGetOpaque() & VmFlags.VM_MAYSHARE) == 0;
      if (inRange && part && isPrivate && HugePages.isHugetlb(vma)) {
        return true;
      }
    }
    return false;
  }

  /** What was placed outside the window goes at once. */
  private long placed(Process caller, long vaddr, long length) {
    if (Window.isLeftBy(vaddr, length)) {
      Vma vma = caller.mm().vmas.find(vaddr);
      boolean huge = vma != null && HugePages.isHugetlb(vma);
      caller.munmap(vaddr, huge ? HugePages.align(length) : length);
      kind = Kind.OUTSIDE;
      return 0;
    }
    return vaddr;
  }

  private boolean isInside(long vaddr, long length) {
    if (Window.isLeftBy(vaddr, length)) {
      kind = Kind.REFUSED;
      return false;
    }
    return true;
  }

  private boolean isPlaceable(long length) {
    if (Window.isTooLongToPlace(length)) {
      kind = Kind.REFUSED;
      return false;
    }
    return true;
  }

  private void fork(Process caller, int who, int child) {
    if (processes[child] != null) {
      kind = Kind.NO_PROCESS;
      return;
    }
    start(child, who, caller.fork());
  }

  private void kill(int who, int child) {
    Process process = processes[child];
    if (process == null || parents[child] != who) {
      kind = Kind.NO_PROCESS;
      return;
    }
    process.leave(machine.cpu(child));
    process.exit();
    processes[child] = null;
    for (int i = 0; i < MAX; i++) {
      if (parents[i] == child) {
        parents[i] = NOBODY;
      }
    }
  }
}
