package org.jmmu.types;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jmmu.lock.VmaLock;
import org.jmmu.phys.PhysMemory;
import org.jspecify.annotations.Nullable;

/**
 * One mapping of an address space: {@code [vmStart, vmEnd)}, whose first page has offset {@code
 * vmPgoff}.
 *
 * <p>Written with mmap_lock held for writing. Reverse-map walkers read the three range fields
 * without mmap_lock; what makes that safe, or not, is the protocol under test, so every access is
 * opaque and each field is a store of its own.
 *
 * @kernel include/linux/mm_types.h:struct vm_area_struct
 */
public final class Vma {
  private static final VarHandle VM_START = handle("vmStart", long.class);
  private static final VarHandle VM_END = handle("vmEnd", long.class);
  private static final VarHandle VM_PGOFF = handle("vmPgoff", long.class);
  private static final VarHandle VM_FLAGS = handle("vmFlags", long.class);
  private static final VarHandle ANON_VMA = handle("anonVma", AnonVma.class);
  private static final VarHandle USERFAULTFD_CTX = handle("userfaultfdCtx", VmUserfaultfdCtx.class);

  /** The address space it belongs to; immutable. */
  public final Mm mm;

  /** What it maps; null for anonymous memory. Holds a reference. Immutable. */
  public final @Nullable MappedFile file;

  /** What maps shows for a mapping that the kernel made, as [vdso]; else null. Immutable. */
  public final @Nullable String specialName;

  /** Lets a fault hold this VMA still without mmap_lock. */
  private final VmaLock vmLock = new VmaLock();

  /**
   * Links to every anon_vma that its pages may belong to; guarded by mmap_lock(W), or by
   * mmap_lock(R) and page_table_lock while the first anon_vma is prepared.
   */
  public final AnonVmaChain.List anonVmaChain = new AnonVmaChain.List();

  @SuppressWarnings("UnusedVariable") // read through its VarHandle
  private long vmStart;

  @SuppressWarnings("UnusedVariable") // read through its VarHandle
  private long vmEnd;

  @SuppressWarnings("UnusedVariable") // read through its VarHandle
  private long vmPgoff;

  @SuppressWarnings("UnusedVariable") // read through its VarHandle
  private long vmFlags;

  @SuppressWarnings("UnusedVariable") // read through its VarHandle
  private @Nullable AnonVma anonVma;

  @SuppressWarnings("UnusedVariable") // read through its VarHandle
  private @Nullable VmUserfaultfdCtx userfaultfdCtx; // mmap_lock(W) and the VMA locked

  // The range under which it stands in mm.vmas: what vmStart and vmEnd were when the tree last
  // looked. Guarded by mmap_lock.
  private long recordedStart;
  private long recordedEnd;

  /**
   * Of a private mapping of huge pages that reserved them: which reservations are used up. The
   * parts of a mapping that was split share it. Written before the VMA is linked.
   */
  public @Nullable ResvMap resvMap;

  /** {@code HPAGE_RESV_UNMAPPED}: a huge page was taken away for the sake of its owner. */
  private volatile boolean resvUnmapped;

  private IMmap.@Nullable Node iMmapNode; // its place among the VMAs of its file; i_mmap_rwsem

  /**
   * @param vmStart first byte, page aligned
   * @param vmEnd first byte behind it, page aligned
   * @param vmPgoff offset of the first page, in pages
   */
  public Vma(Mm mm, long vmStart, long vmEnd, long vmPgoff, long vmFlags) {
    this(mm, vmStart, vmEnd, vmPgoff, vmFlags, null, null);
  }

  /**
   * @param file whose reference passes to the VMA
   * @param specialName name of a mapping that the kernel made
   */
  public Vma(
      Mm mm,
      long vmStart,
      long vmEnd,
      long vmPgoff,
      long vmFlags,
      @Nullable MappedFile file,
      @Nullable String specialName) {
    this.mm = mm;
    this.file = file;
    this.specialName = specialName;
    this.vmStart = vmStart;
    this.vmEnd = vmEnd;
    this.vmPgoff = vmPgoff;
    this.vmFlags = vmFlags;
  }

  /**
   * A copy for {@code mm}, on no anon_vma and on no file's list yet. @kernel
   * kernel/fork.c:vm_area_dup
   */
  public Vma dup(Mm mm) {
    Vma copy =
        new Vma(
            mm,
            vmStartGetOpaque(),
            vmEndGetOpaque(),
            vmPgoffGetOpaque(),
            vmFlagsGetOpaque(),
            file == null ? null : file.get(),
            specialName);
    if (mm == this.mm) { // a child inherits no reservation of huge pages
      copy.resvMap = resvMap;
      copy.resvUnmapped = resvUnmapped;
    }
    copy.userfaultfdCtxSetOpaque(userfaultfdCtxGetOpaque());
    return copy;
  }

  /**
   * The VMA is not used after all: gives back its reference to the file. @kernel
   * kernel/fork.c:vm_area_free
   */
  public void free() {
    if (file != null) {
      file.put();
    }
  }

  /** Private memory without a file behind it. @kernel include/linux/mm.h:vma_is_anonymous */
  public boolean isAnonymous() {
    return file == null && specialName == null;
  }

  /**
   * Locks the VMA for a fault, unless that would mean waiting. It may have changed since it was
   * looked up: the caller asks for its range again.
   *
   * @kernel include/linux/mmap_lock.h:vma_start_read
   */
  public boolean startRead() {
    return vmLock.startRead(mm.mmapLock);
  }

  /**
   * @kernel include/linux/mmap_lock.h:vma_end_read
   */
  public void endRead() {
    vmLock.endRead();
  }

  /**
   * Keeps faults out of the VMA until the caller gives up mmap_lock(W); waits for those inside. To
   * be called before its range, flags, file, anon_vma or page tables change, with neither page nor
   * reverse-map locks held: a fault inside may be waiting for one.
   *
   * @kernel include/linux/mmap_lock.h:vma_start_write
   */
  public void startWrite() {
    vmLock.startWrite(mm.mmapLock);
  }

  /** Called by {@link VmaTree}. @kernel include/linux/mmap_lock.h:vma_mark_attached */
  void markAttached() {
    vmLock.startWrite(mm.mmapLock); // what follows in this section is not for faults to see
    vmLock.attach();
  }

  /** Called by {@link VmaTree}. @kernel include/linux/mmap_lock.h:vma_mark_detached */
  void markDetached() {
    assert isWriteLocked() : this;
    vmLock.detach();
  }

  /**
   * For assertions: whether faults are kept out, so that the VMA and its page tables may change.
   *
   * @kernel include/linux/mmap_lock.h:vma_assert_write_locked
   */
  public boolean isWriteLocked() {
    return vmLock.isWriteLockedOrDetached(mm.mmapLock);
  }

  /** For oracles. */
  public boolean isReadLocked() {
    return vmLock.isReadLocked();
  }

  /** A stack that execve is about to move. @kernel mm/internal.h:vma_is_temporary_stack */
  public boolean isTemporaryStack() {
    long all = VmFlags.VM_GROWSDOWN | VmFlags.VM_STACK_INCOMPLETE_SETUP;
    return (vmFlagsGetOpaque() & all) == all;
  }

  public long nrPages() {
    return (vmEndGetOpaque() - vmStartGetOpaque()) >> PhysMemory.PAGE_SHIFT;
  }

  public long vmStartGetOpaque() {
    return (long) VM_START.getOpaque(this);
  }

  public void vmStartSetOpaque(long vaddr) {
    assert isWriteLocked() : this;
    VM_START.setOpaque(this, vaddr);
  }

  public long vmEndGetOpaque() {
    return (long) VM_END.getOpaque(this);
  }

  public void vmEndSetOpaque(long vaddr) {
    assert isWriteLocked() : this;
    VM_END.setOpaque(this, vaddr);
  }

  public long vmPgoffGetOpaque() {
    return (long) VM_PGOFF.getOpaque(this);
  }

  public void vmPgoffSetOpaque(long pgoff) {
    assert isWriteLocked() : this;
    VM_PGOFF.setOpaque(this, pgoff);
  }

  public long vmFlagsGetOpaque() {
    return (long) VM_FLAGS.getOpaque(this);
  }

  public void vmFlagsSetOpaque(long flags) {
    assert isWriteLocked() : this;
    VM_FLAGS.setOpaque(this, flags);
  }

  /** The anon_vma for pages that fault in here; null until the first one does. */
  public @Nullable AnonVma anonVmaGetAcquire() {
    return (AnonVma) ANON_VMA.getAcquire(this);
  }

  public void anonVmaSetRelease(@Nullable AnonVma anonVma) {
    ANON_VMA.setRelease(this, anonVma);
  }

  /** The userfaultfd that it is registered with. */
  public @Nullable VmUserfaultfdCtx userfaultfdCtxGetOpaque() {
    return (VmUserfaultfdCtx) USERFAULTFD_CTX.getOpaque(this);
  }

  public void userfaultfdCtxSetOpaque(@Nullable VmUserfaultfdCtx ctx) {
    assert isWriteLocked() : this;
    USERFAULTFD_CTX.setOpaque(this, ctx);
  }

  /**
   * Registered with none from here on.
   *
   * @kernel mm/userfaultfd.c:userfaultfd_reset_ctx
   */
  public void resetUserfaultfdCtx() {
    vmFlagsSetOpaque(vmFlagsGetOpaque() & ~VmFlags.VM_UFFD_FLAGS);
    userfaultfdCtxSetOpaque(null);
  }

  /** Offset of the last page. @kernel include/linux/mm.h:vma_last_pgoff */
  public long lastPgoff() {
    return vmPgoffGetOpaque() + nrPages() - 1;
  }

  /**
   * Offset, in pages, of the page at {@code vaddr}. @kernel
   * include/linux/pagemap.h:linear_page_index
   */
  public long linearPageIndex(long vaddr) {
    return vmPgoffGetOpaque() + ((vaddr - vmStartGetOpaque()) >> PhysMemory.PAGE_SHIFT);
  }

  /** Whether a huge page that was here is lost: what a fault would bring is not the same. */
  public boolean isResvUnmappedVolatile() {
    return resvUnmapped;
  }

  public void resvUnmappedSetVolatile() {
    resvUnmapped = true;
  }

  long recordedStart() {
    return recordedStart;
  }

  long recordedEnd() {
    return recordedEnd;
  }

  boolean isRecordedRange() {
    return recordedStart == vmStartGetOpaque() && recordedEnd == vmEndGetOpaque();
  }

  void recordRange() {
    recordedStart = vmStartGetOpaque();
    recordedEnd = vmEndGetOpaque();
  }

  IMmap.@Nullable Node iMmapNode() {
    return iMmapNode;
  }

  void iMmapNodeSet(IMmap.@Nullable Node node) {
    iMmapNode = node;
  }

  @Override
  public String toString() {
    return Long.toHexString(vmStartGetOpaque())
        + "-"
        + Long.toHexString(vmEndGetOpaque())
        + " pgoff "
        + Long.toHexString(vmPgoffGetOpaque());
  }

  private static VarHandle handle(String field, Class<?> type) {
    return ConstantBootstraps.fieldVarHandle(
        MethodHandles.lookup(), field, VarHandle.class, Vma.class, type);
  }
}
