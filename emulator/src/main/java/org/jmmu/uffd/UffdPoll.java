package org.jmmu.uffd;

/** What polling says of a userfaultfd. @kernel include/uapi/asm-generic/poll.h */
public final class UffdPoll {
  public static final int POLLIN = 1;
  public static final int POLLERR = 8;

  private UffdPoll() {}
}
