package org.jmmu.uffd;

/**
 * Arguments of userfaultfd and its ioctls, with Linux's values.
 *
 * @kernel include/uapi/linux/userfaultfd.h
 */
public final class UffdApi {
  public static final long UFFD_API = 0xaa;

  /** Flags of userfaultfd. */
  public static final int UFFD_USER_MODE_ONLY = 1;

  public static final int O_NONBLOCK = 0x800;
  public static final int O_CLOEXEC = 0x8_0000;

  public static final long UFFD_FEATURE_PAGEFAULT_FLAG_WP = 1;

  /** Faults are signals instead of messages. */
  public static final long UFFD_FEATURE_SIGBUS = 1 << 7;

  /** Messages say which thread faulted. */
  public static final long UFFD_FEATURE_THREAD_ID = 1 << 8;

  public static final long UFFD_FEATURE_MOVE = 1 << 16;

  /** Those that there are. */
  public static final long UFFD_API_FEATURES =
      UFFD_FEATURE_PAGEFAULT_FLAG_WP
          | UFFD_FEATURE_SIGBUS
          | UFFD_FEATURE_THREAD_ID
          | UFFD_FEATURE_MOVE;

  public static final long UFFDIO_REGISTER_MODE_MISSING = 1;
  public static final long UFFDIO_REGISTER_MODE_WP = 2;
  public static final long UFFDIO_REGISTER_MODE_MINOR = 4;

  /** Nobody is woken. */
  public static final long UFFDIO_COPY_MODE_DONTWAKE = 1;

  public static final long UFFDIO_COPY_MODE_WP = 2;
  public static final long UFFDIO_ZEROPAGE_MODE_DONTWAKE = 1;
  public static final long UFFDIO_WRITEPROTECT_MODE_WP = 1;
  public static final long UFFDIO_WRITEPROTECT_MODE_DONTWAKE = 2;
  public static final long UFFDIO_MOVE_MODE_DONTWAKE = 1;
  public static final long UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES = 2;

  public static final int UFFD_EVENT_PAGEFAULT = 0x12;
  public static final long UFFD_PAGEFAULT_FLAG_WRITE = 1;
  public static final long UFFD_PAGEFAULT_FLAG_WP = 2;

  private UffdApi() {}
}
