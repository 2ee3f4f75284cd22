package org.jmmu.sys;

import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.MAP_SHARED;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jmmu.types.VmSysctl;
import org.jspecify.annotations.Nullable;

/**
 * Processes that descend from one another, each with what it must see in its memory. Threads do one
 * step after the other, and can be stopped between two.
 *
 * <p>A process has {@link #PAGES} private pages, and behind them as many of a file that all share.
 */
final class ForkTree {
  static final int PAGES = 6;
  static final int DEPTH = 5;
  static final int CHILDREN = 3;
  static final int MAX_MEMBERS = 100;
  static final long BASE = 0x2000_0000_0000L;
  static final int RW = PROT_READ | PROT_WRITE;

  /** One process; used by one thread, but for what says otherwise. */
  static final class Member {
    final Process process;
    final int number; // the process's own word in each shared page
    final int depth;
    final long[] expected = new long[2 * PAGES];
    final long[] changes = new long[2 * PAGES]; // how often another frame may have come
    int children;
    boolean pinned; // is not to exit now; changed while all are stopped
    boolean exited;

    private Member(Process process, int number, int depth) {
      this.process = process;
      this.number = number;
      this.depth = depth;
    }

    /** Where the member's word is on a page. */
    long vaddr(int page) {
      return address(page) + (page < PAGES ? 0 : (long) number * Long.BYTES);
    }
  }

  /** Held for reading during a step, for writing while all are stopped. */
  final ReentrantReadWriteLock steps = new ReentrantReadWriteLock(true);

  final List<Member> members = new CopyOnWriteArrayList<>();
  private int lastNumber; // guarded by this

  ForkTree(Machine machine) {
    machine.sysctl().overcommitMemory = VmSysctl.OVERCOMMIT_ALWAYS;
    Process process = machine.spawn();
    long bytes = PAGES * PAGE_SIZE;
    long _ = process.mmap(BASE, bytes, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED);
    int fd = process.memfdCreate("shared", 0);
    process.ftruncate(fd, bytes);
    long _ = process.mmap(address(PAGES), bytes, RW, MAP_SHARED | MAP_FIXED, fd, 0);
    process.close(fd);
    members.add(new Member(process, 0, 0));
  }

  static long address(int page) {
    return BASE + page * PAGE_SIZE;
  }

  /** A child of {@code parent}; null if it may have none. */
  @Nullable Member fork(Member parent) {
    int number = nextNumber();
    boolean full = members.size() >= MAX_MEMBERS || number >= PAGE_SIZE / Long.BYTES;
    if (full || parent.depth == DEPTH || parent.children == CHILDREN) {
      return null;
    }
    Member child = new Member(parent.process.fork(), number, parent.depth + 1);
    System.arraycopy(parent.expected, 0, child.expected, 0, PAGES);
    parent.children++;
    members.add(child);
    return child;
  }

  private synchronized int nextNumber() {
    return ++lastNumber;
  }

  void exit(Member member) {
    member.exited = true;
    members.remove(member);
    member.process.exit();
  }
}
