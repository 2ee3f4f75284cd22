package org.jmmu.soak;

import org.jmmu.sys.Process;
import org.jspecify.annotations.Nullable;

/**
 * The processes that the threads of a soak use, in a few places: a child takes the place of whoever
 * was there, who ends when the last thread has left it.
 */
final class Population {
  static final int PLACES = 4;

  /** The first process stays to the end. */
  static final int FIRST = 0;

  /** A process that threads may be in. */
  static final class Member {
    final Process process;
    private int users = 1; // its place is one; guarded by the population

    private Member(Process process) {
      this.process = process;
    }
  }

  private final @Nullable Member[] places = new @Nullable Member[PLACES]; // guarded by this

  Population(Process first) {
    places[FIRST] = new Member(first);
  }

  /** Goes to the process in that place, to be left some time; null if there is none. */
  synchronized @Nullable Member join(int place) {
    Member member = places[place];
    if (member != null) {
      member.users++;
    }
    return member;
  }

  /** The caller's CPU runs something else by now. */
  void leave(Member member) {
    boolean last;
    synchronized (this) {
      last = --member.users == 0;
    }
    if (last) {
      member.process.exit();
    }
  }

  /** Gives {@code child} a place. */
  void settle(int place, Process child) {
    Member before;
    synchronized (this) {
      before = places[place];
      places[place] = new Member(child);
    }
    if (before != null) {
      leave(before);
    }
  }

  /** Ends all; no thread is in any of them. */
  void end() {
    for (int place = 0; place < PLACES; place++) {
      Member member;
      synchronized (this) {
        member = places[place];
        places[place] = null;
      }
      if (member != null) {
        leave(member);
      }
    }
  }
}
