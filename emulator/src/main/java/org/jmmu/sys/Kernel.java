package org.jmmu.sys;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.FailAlloc;
import org.jmmu.alloc.Frames;
import org.jmmu.alloc.Nodes;
import org.jmmu.check.Oracles;
import org.jmmu.check.Violation;
import org.jmmu.compact.Compaction;
import org.jmmu.compact.Kcompactd;
import org.jmmu.filemap.Files;
import org.jmmu.filemap.GetFolio;
import org.jmmu.filemap.MappingSlot;
import org.jmmu.filemap.PageCache;
import org.jmmu.filemap.ShmemSwap;
import org.jmmu.filemap.ShmemUnuse;
import org.jmmu.filemap.TruncatePages;
import org.jmmu.filemap.Writeback;
import org.jmmu.hugetlb.HugePages;
import org.jmmu.hugetlb.Hugetlb;
import org.jmmu.hugetlb.PmdSharingProtocol;
import org.jmmu.hw.ControlBits;
import org.jmmu.hw.Cpu;
import org.jmmu.ksm.Ksm;
import org.jmmu.migrate.MigratePages;
import org.jmmu.migrate.MovePages;
import org.jmmu.mm.Accounting;
import org.jmmu.mm.BreakKsm;
import org.jmmu.mm.Brk;
import org.jmmu.mm.Exec;
import org.jmmu.mm.ExecImage;
import org.jmmu.mm.ExecStack;
import org.jmmu.mm.ExecStackProtocol;
import org.jmmu.mm.Fault;
import org.jmmu.mm.FaultIn;
import org.jmmu.mm.FileIo;
import org.jmmu.mm.Fork;
import org.jmmu.mm.HandleMmFault;
import org.jmmu.mm.Madvise;
import org.jmmu.mm.MigrationWaitProtocol;
import org.jmmu.mm.Mincore;
import org.jmmu.mm.Mlock;
import org.jmmu.mm.Mmap;
import org.jmmu.mm.MovePageTables;
import org.jmmu.mm.Mprotect;
import org.jmmu.mm.Mremap;
import org.jmmu.mm.Msync;
import org.jmmu.mm.Munmap;
import org.jmmu.mm.Pkeys;
import org.jmmu.mm.Shmem;
import org.jmmu.mm.StackGrowth;
import org.jmmu.mm.Swapoff;
import org.jmmu.mm.Truncate;
import org.jmmu.mm.UffdMoveSwapProtocol;
import org.jmmu.mm.UnshareSplitProtocol;
import org.jmmu.mm.UserAccess;
import org.jmmu.mm.Userfaultfd;
import org.jmmu.mm.VmaModify;
import org.jmmu.mm.WriteUser;
import org.jmmu.mpx.BoundsTables;
import org.jmmu.mpx.Mpx;
import org.jmmu.mpx.MpxUnmapProtocol;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.PmdShareCountProtocol;
import org.jmmu.pgtable.PmdSharing;
import org.jmmu.pgtable.SwitchMm;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.phys.SlotTable;
import org.jmmu.reclaim.PageReferenced;
import org.jmmu.reclaim.ShrinkPage;
import org.jmmu.reclaim.Vmscan;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.rmap.FileMappers;
import org.jmmu.rmap.MremapPeekProtocol;
import org.jmmu.rmap.PageRmap;
import org.jmmu.rmap.RemoveMigrationPtes;
import org.jmmu.rmap.RmapWalk;
import org.jmmu.rmap.TryToMigrate;
import org.jmmu.rmap.TryToUnmap;
import org.jmmu.rmap.UffdMoveProtocol;
import org.jmmu.rmap.VmaAdjustProtocol;
import org.jmmu.swap.EntryEncoding;
import org.jmmu.swap.SwapCache;
import org.jmmu.swap.SwapIn;
import org.jmmu.swap.SwapInfo;
import org.jmmu.swap.Swapfile;
import org.jmmu.types.AnonVma;
import org.jmmu.types.Backing;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.KsmStableNode;
import org.jmmu.types.Mm;
import org.jmmu.types.Rlimits;
import org.jmmu.types.VmSysctl;
import org.jmmu.uffd.HandleUserfault;

/** The parts of one machine, wired together; recycled by {@link MachinePool}. */
final class Kernel {
  final MachineConfig config;
  final PhysMemory phys;
  final Cpu[] cpus;
  final SwitchMm switchMm;
  final Mmap mmap;
  final Munmap munmap;
  final Mprotect mprotect;
  final Mremap mremap;
  final Brk brk;
  final Madvise madvise;
  final Mlock mlock;
  final MovePages movePages;
  final MigratePages migratePages;
  final Compaction compaction;
  final RmapWalk rmapWalk;
  final Swapfile swapfile;
  final Vmscan vmscan;
  final PageTables tables;
  final Frames frames;
  final FailAlloc failAlloc = new FailAlloc();

  final Files files;
  final Shmem shmem;
  final FileIo fileIo;
  final Msync msync;
  final Mincore mincore;
  final FaultIn faultIn;
  final Userfaultfd userfaultfd;
  final PageReferenced pageReferenced;
  final Accounting accounting;

  final Hugetlb hugetlb;
  final Nodes nodes;
  final SlotTable<AnonVma> anonVmaSlots = new SlotTable<>(AnonVma::new);
  final SlotTable<MappingSlot> mappingSlots = new SlotTable<>(MappingSlot::new);
  private final SlotTable<KsmStableNode> ksmSlots = new SlotTable<>(KsmStableNode::new);
  private final Ksm ksm;
  final Mpx mpx;
  private final Fork fork;
  private final Exec exec;
  private final Swapoff swapoff;
  private final Oracles oracles;
  VmSysctl sysctl = new VmSysctl();
  private final List<Mm> mms = new CopyOnWriteArrayList<>();
  private final List<Kcompactd> kcompactds = new CopyOnWriteArrayList<>();

  Kernel(MachineConfig config) {
    this.config = config;
    phys = new PhysMemory(config.nrFrames());
    nodes = new Nodes(phys, config.nrNodes());
    frames = new Frames(phys, nodes, failAlloc);
    accounting = new Accounting(config.nrFrames());
    cpus = new Cpu[config.nrCpus()];
    switchMm = new SwitchMm(config.nrCpus());
    tables = new PageTables(phys, frames);
    TlbFlush tlbFlush = new TlbFlush(cpus, switchMm);
    PageRmap pageRmap = new PageRmap(phys);
    AnonVmas anonVmas =
        new AnonVmas(phys, anonVmaSlots, failAlloc, config.protocol(VmaAdjustProtocol.class));
    PageCache pageCache = new PageCache(phys, frames, mappingSlots);
    swapfile = new Swapfile(phys, frames, failAlloc);
    SwapCache swapCache = new SwapCache(phys, frames, swapfile);
    frames.tellSwapCache(swapCache);
    SwapIn swapIn = new SwapIn(phys, frames, swapfile, swapCache);
    ShmemSwap shmemSwap = new ShmemSwap(phys, frames, pageCache, swapfile, swapCache, swapIn);
    GetFolio getFolio = new GetFolio(phys, frames, pageCache, shmemSwap, failAlloc);
    FileMappers mappers = new FileMappers(phys, frames, tables, tlbFlush, pageRmap);
    TruncatePages truncatePages = new TruncatePages(phys, pageCache, shmemSwap, mappers);
    Writeback writeback = new Writeback(phys, pageCache, mappers);
    hugetlb =
        new Hugetlb(
            phys,
            nodes,
            frames,
            tables,
            tlbFlush,
            pageRmap,
            anonVmas,
            pageCache,
            config.nrCpus(),
            new PmdSharing(
                phys, frames, tables, tlbFlush, config.protocol(PmdShareCountProtocol.class)),
            config.protocol(PmdSharingProtocol.class));
    files = new Files(pageCache, truncatePages, writeback);
    UffdMoveProtocol.Parts uffdMoveParts =
        new UffdMoveProtocol.Parts(phys, tables, tlbFlush, anonVmas, pageRmap);
    UffdMoveProtocol uffdMove = config.protocol(UffdMoveProtocol.class);
    rmapWalk = new RmapWalk(phys, anonVmas, pageCache, ksmSlots, uffdMove, uffdMoveParts);
    pageReferenced = new PageReferenced(tables, rmapWalk);
    MremapPeekProtocol.Parts mremapPeekParts =
        new MremapPeekProtocol.Parts(frames, tables, anonVmas, pageRmap);
    RemoveMigrationPtes removeMigrationPtes =
        new RemoveMigrationPtes(config.protocol(MremapPeekProtocol.class), mremapPeekParts);
    MovePageTables movePageTables =
        new MovePageTables(
            tables,
            tlbFlush,
            config.protocol(MremapPeekProtocol.class),
            mremapPeekParts,
            hugetlb.range);
    VmaModify vmaModify =
        new VmaModify(
            anonVmas, failAlloc, hugetlb.unmap, config.protocol(UnshareSplitProtocol.class));
    munmap =
        new Munmap(
            phys,
            frames,
            tables,
            tlbFlush,
            vmaModify,
            pageRmap,
            swapCache,
            accounting,
            hugetlb,
            failAlloc);
    shmem = new Shmem(files, hugetlb.files, failAlloc);
    mmap = new Mmap(vmaModify, munmap, accounting, shmem, hugetlb);
    fork =
        new Fork(
            frames, tables, tlbFlush, anonVmas, pageRmap, accounting, failAlloc, swapfile, hugetlb);
    EntryEncoding encoding = config.protocol(EntryEncoding.class);
    migratePages =
        new MigratePages(
            phys,
            frames,
            nodes,
            anonVmas,
            pageCache,
            rmapWalk,
            new TryToMigrate(phys, frames, tables, tlbFlush, pageRmap, encoding),
            removeMigrationPtes,
            swapCache,
            ksmSlots);
    movePages = new MovePages(phys, frames, nodes, tables, migratePages);
    compaction = new Compaction(phys, frames, nodes, migratePages);
    TryToUnmap tryToUnmap =
        new TryToUnmap(phys, frames, tables, tlbFlush, pageRmap, swapfile, swapCache, encoding);
    ShrinkPage shrinkPage =
        new ShrinkPage(
            phys,
            frames,
            anonVmas,
            rmapWalk,
            pageRmap,
            tryToUnmap,
            swapCache,
            swapfile,
            pageCache,
            writeback,
            shmemSwap);
    vmscan = new Vmscan(phys, nodes, frames, tables, anonVmas, rmapWalk, swapfile, shrinkPage);
    frames.tellReclaim(vmscan);
    oracles =
        new Oracles(
            phys, nodes, anonVmas, pageCache, mappingSlots, swapfile, swapCache, ksmSlots, hugetlb);
    long zeroPfn = reserveZeroPage();
    HandleMmFault handleMmFault =
        new HandleMmFault(
            phys,
            frames,
            tables,
            tlbFlush,
            anonVmas,
            pageRmap,
            rmapWalk,
            pageCache,
            getFolio,
            swapCache,
            swapIn,
            hugetlb,
            config.protocol(MigrationWaitProtocol.class),
            removeMigrationPtes,
            new HandleUserfault(tables),
            zeroPfn);
    Truncate truncate =
        new Truncate(phys, frames, tables, tlbFlush, pageRmap, swapCache, truncatePages);
    fileIo = new FileIo(phys, frames, pageCache, getFolio, truncate, hugetlb.truncate);
    msync = new Msync(writeback);
    mincore = new Mincore(frames, tables, pageCache, swapCache);
    Fault fault =
        new Fault(
            handleMmFault,
            switchMm,
            new StackGrowth(anonVmas, accounting, failAlloc),
            config.protocol(Fault.Locking.class));
    faultIn = new FaultIn(tables, handleMmFault);
    userfaultfd =
        new Userfaultfd(
            frames,
            vmaModify,
            anonVmas,
            faultIn,
            handleMmFault,
            uffdMove,
            uffdMoveParts,
            config.protocol(UffdMoveSwapProtocol.class),
            new UffdMoveSwapProtocol.Parts(phys, anonVmas, pageRmap, swapfile, swapCache),
            zeroPfn);
    BreakKsm breakKsm = new BreakKsm(tables, pageRmap, handleMmFault);
    ksm = new Ksm(phys, frames, tables, tlbFlush, pageRmap, anonVmas, ksmSlots, breakKsm);
    mprotect = new Mprotect(tables, tlbFlush, vmaModify, accounting, faultIn, hugetlb);
    mremap = new Mremap(accounting, vmaModify, munmap, faultIn, breakKsm, anonVmas, movePageTables);
    brk = new Brk(accounting, vmaModify, munmap, faultIn);
    madvise =
        new Madvise(
            vmaModify,
            faultIn,
            breakKsm,
            phys,
            frames,
            tables,
            tlbFlush,
            pageRmap,
            swapCache,
            swapIn,
            vmscan,
            fileIo,
            hugetlb.unmap);
    ShmemUnuse shmemUnuse = new ShmemUnuse(mappingSlots, pageCache, shmemSwap, files);
    swapoff =
        new Swapoff(phys, frames, tables, swapfile, swapCache, swapIn, handleMmFault, shmemUnuse);
    mlock = new Mlock(vmaModify, faultIn);
    WriteUser writeUser = new WriteUser(phys, tables, faultIn);
    ExecStack stack =
        new ExecStack(
            frames,
            tables,
            tlbFlush,
            anonVmas,
            vmaModify,
            accounting,
            movePageTables,
            writeUser,
            failAlloc,
            config.protocol(ExecStackProtocol.class));
    exec = new Exec(mmap, brk, stack, writeUser);
    MpxUnmapProtocol mpxUnmap = config.protocol(MpxUnmapProtocol.class);
    MpxUnmapProtocol.Parts mpxParts =
        new MpxUnmapProtocol.Parts(new UserAccess(phys, tables, faultIn), new BoundsTables(munmap));
    mpx = new Mpx(switchMm, mmap, munmap, mpxUnmap, mpxParts);
    if (mpxUnmap.exists()) {
      munmap.setArchUnmap(mpx);
    }
    for (int id = 0; id < cpus.length; id++) {
      cpus[id] = new Cpu(id, phys, fault);
      cpus[id].bounds().setHandler(mpx);
      if (config.protectionKeys()) {
        cpus[id].writeCr4(cpus[id].cr4() | ControlBits.CR4_PKE);
        cpus[id].wrpkru(Pkeys.INIT_PKRU);
      }
    }
    hugetlb.reset(config.nrHugePages(), sysctl);
  }

  Mm newMm(Rlimits rlimits) {
    failAlloc.check("mm_struct");
    long pgdPfn = tables.pgdAlloc();
    if (pgdPfn == Buddy.NO_FRAME) {
      throw new ErrnoException(Errno.ENOMEM, "no frame for a top-level page table");
    }
    Mm mm = new Mm(pgdPfn, sysctl, rlimits);
    mm.nrPkeys = config.protectionKeys() ? Pkeys.NR_PKEYS : 1;
    mms.add(mm);
    return mm;
  }

  /** All address spaces, oldest first. */
  List<Mm> mms() {
    return mms;
  }

  Mm fork(Mm parent) {
    Mm child = newMm(parent.rlimits.copy());
    try {
      fork.dupMmap(parent, child);
      child.mpx.inherit(parent.mpx);
    } catch (ErrnoException e) {
      exit(child);
      throw e;
    }
    return child;
  }

  /** A new address space with a new program in it. */
  Mm exec(Mm old, ExecImage image) {
    Mm mm = newMm(old.rlimits.copy());
    try {
      exec.fill(mm, image);
    } catch (ErrnoException e) {
      exit(mm);
      throw e;
    }
    return mm;
  }

  /** One user less; the last one tears it down, and no CPU may be executing it then. */
  void exit(Mm mm) {
    if (!mm.put()) {
      return;
    }
    for (Cpu cpu : cpus) {
      if (switchMm.running(cpu) == mm) {
        switchMm.forget(cpu);
      }
    }
    ksm.exit(mm);
    munmap.exitMmap(mm);
    mms.remove(mm);
  }

  Kcompactd startKcompactd(int nid) {
    Kcompactd kcompactd = new Kcompactd(compaction, nid);
    kcompactds.add(kcompactd);
    return kcompactd;
  }

  /** Ends the threads that the kernel runs for itself. */
  void stopThreads() {
    kcompactds.forEach(Kcompactd::close);
    kcompactds.clear();
  }

  SwapInfo swapon(Backing backing, long bytes, Swapfile.Medium medium) {
    SwapInfo info = swapfile.swapon(backing, bytes, medium);
    accounting.addSwap(info.pages());
    return info;
  }

  void swapoff(SwapInfo info) {
    swapoff.swapoff(info, mms, this::exit);
    accounting.addSwap(-info.pages());
  }

  /** Frames that are neither free nor the machine's own, exact at rest. */
  long framesInUse() {
    long freeHuge = hugetlb.hstate.counts().free() << HugePages.HPAGE_ORDER;
    return phys.nrFrames() - 2 - nodes.nrFree() - freeHuge; // frame 0 and the zero page
  }

  void scanKsm() {
    ksm.scan(mms);
  }

  int ksmPagesShared() {
    return ksm.pagesShared();
  }

  List<Violation> check() {
    return oracles.check(mms);
  }

  /** Whether a lock was left behind that a reset does not open: only a broken run does that. */
  boolean hasStuckLock() {
    return anonVmaSlots.anyMatch(anonVma -> anonVma.rwsem.isLocked()) || hugetlb.mutexes.isLocked();
  }

  /** As new, whatever happened before; nobody may be using the machine. */
  void reset() {
    for (Cpu cpu : cpus) {
      switchMm.forget(cpu);
      cpu.bounds().init();
      cpu.wrpkru(config.protectionKeys() ? Pkeys.INIT_PKRU : 0);
    }
    List<String> _ = failAlloc.disarm();
    mms.clear();
    accounting.reset();
    swapfile.reset();
    vmscan.reset();
    rmapWalk.reset();
    sysctl = new VmSysctl();
    ksm.reset();
    ksmSlots.freeAll();
    anonVmaSlots.freeAll();
    mappingSlots.freeAll();
    nodes.reset();
    reserveZeroPage();
    hugetlb.reset(config.nrHugePages(), sysctl);
  }

  /** The first frame given out after a reset: always the same one. */
  private long reserveZeroPage() {
    long pfn = frames.allocZeroed(FrameType.USER);
    PageDesc.typeSetOpaque(phys, pfn, FrameType.RESERVED);
    return pfn;
  }
}
