package org.jmmu.types;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A file as one {@code open} made it: what VMAs and file descriptors refer to. Two of them may have
 * the same {@link AddressSpace}; VMAs of different ones are never merged.
 *
 * @kernel include/linux/fs.h:struct file
 */
public final class MappedFile {
  private static final VarHandle REFCOUNT =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "refcount", VarHandle.class, MappedFile.class, int.class);

  private static final VarHandle WB_ERR_SEEN =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "wbErrSeen", VarHandle.class, MappedFile.class, int.class);

  /** Immutable. */
  public final AddressSpace mapping;

  private final String path;
  private final boolean readable;
  private final boolean writable;
  private final Runnable release;

  @SuppressWarnings("UnusedVariable") // read through its VarHandle
  private int refcount = 1; // descriptors and VMAs

  @SuppressWarnings("UnusedVariable") // read through its VarHandle
  private int wbErrSeen; // errors of write-back that were reported, or came before the open

  /**
   * One reference, the caller's.
   *
   * @param path as {@code /proc/PID/maps} shows it
   * @param readable whether opened for reading
   * @param writable whether opened for writing
   * @param release run when the last reference is dropped
   */
  public MappedFile(
      AddressSpace mapping, String path, boolean readable, boolean writable, Runnable release) {
    this.mapping = mapping;
    this.path = path;
    this.readable = readable;
    this.writable = writable;
    this.release = release;
    this.wbErrSeen = mapping.wbErrGetAcquire();
  }

  /**
   * Whether a page could not be written back since this was asked last.
   *
   * @kernel mm/filemap.c:file_check_and_advance_wb_err
   */
  public boolean checkAndAdvanceWbErr() {
    int now = mapping.wbErrGetAcquire();
    return (int) WB_ERR_SEEN.getAndSet(this, now) != now;
  }

  public String path() {
    return path;
  }

  /** FMODE_READ. */
  public boolean isReadable() {
    return readable;
  }

  /** FMODE_WRITE. */
  public boolean isWritable() {
    return writable;
  }

  /** One more reference; the caller has one. @kernel include/linux/fs.h:get_file */
  public MappedFile get() {
    int _ = (int) REFCOUNT.getAndAdd(this, 1);
    return this;
  }

  /**
   * Drops a reference.
   *
   * @kernel fs/file_table.c:fput
   */
  public void put() {
    int count = (int) REFCOUNT.getAndAdd(this, -1);
    if (count == 1) {
      release.run();
    } else if (count <= 0) {
      throw new KernelBug("reference count of " + path + " drops below zero");
    }
  }
}
