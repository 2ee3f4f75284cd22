package org.jmmu.uffd;

/**
 * What a read of a userfaultfd gives.
 *
 * @param event UFFD_EVENT_...
 * @param flags UFFD_PAGEFAULT_FLAG_...
 * @param address of the page
 * @param ptid the thread that faulted, 0 unless it was asked for
 * @kernel include/uapi/linux/userfaultfd.h:struct uffd_msg
 */
public record UffdMsg(int event, long flags, long address, long ptid) {}
