package org.jmmu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jmmu.race.vmaadjust.VmaAdjustVariant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each benchmark goes through its life twice, without JMH: what JMH would call, in its order. */
class BenchmarksRunTest {
  private static final int TWICE = 2;

  @Test
  void anonFault() {
    AnonFaultBench bench = new AnonFaultBench();
    bench.map();
    for (int i = 0; i < TWICE; i++) {
      bench.fault();
      bench.discard();
    }
    bench.check();
  }

  @Test
  void mapTouchUnmap() {
    MapTouchUnmapBench bench = new MapTouchUnmapBench();
    for (int i = 0; i < TWICE; i++) {
      bench.mapTouchUnmap();
    }
    bench.check();
  }

  @Test
  void mremap() {
    MremapBench bench = new MremapBench();
    MremapBench.Emulated state = new MremapBench.Emulated();
    state.touch();
    for (int i = 0; i < TWICE; i++) {
      bench.emulated(state);
    }
    state.check();
  }

  @Test
  void mremapOfTheHost() {
    assumeTrue(HostMemory.isSupported());
    MremapBench bench = new MremapBench();
    MremapBench.Host state = new MremapBench.Host();
    state.touch();
    for (int i = 0; i < TWICE; i++) {
      bench.host(state);
    }
    state.unmap();
  }

  @Test
  void swap() {
    SwapBench bench = new SwapBench();
    SwapBench.Emulated state = new SwapBench.Emulated();
    state.touch();
    for (int i = 0; i < TWICE; i++) {
      bench.emulated(state);
    }
    state.check();
  }

  @Test
  void swapOfTheHost() {
    assumeTrue(HostMemory.swapsToZram(), "the host does not swap to zram");
    SwapBench bench = new SwapBench();
    SwapBench.Host state = new SwapBench.Host();
    state.touch();
    for (int i = 0; i < TWICE; i++) {
      bench.host(state);
    }
    state.unmap();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 1000})
  void coldFaults(int faults) {
    ColdFaultBench bench = new ColdFaultBench();
    bench.faults = faults;
    bench.map();
    bench.firstFaults();
    bench.check();
  }

  @ParameterizedTest
  @EnumSource(VmaAdjustVariant.class)
  void rmapWalk(VmaAdjustVariant variant) {
    RmapWalkBench bench = new RmapWalkBench();
    bench.variant = variant;
    bench.mappers = 10;
    bench.fork();
    for (int i = 0; i < TWICE; i++) {
      bench.makeYoung();
      bench.referenced(new RmapWalkBench.Visits());
      bench.checkAllVisited();
    }
    bench.check();
  }

  @Test
  void rmapWindow() {
    RmapWindowBench bench = new RmapWindowBench();
    bench.mappers = 10;
    bench.fork();
    for (int i = 0; i < TWICE; i++) {
      bench.makeYoung();
      bench.referenced();
      bench.checkAllVisited();
    }
    bench.check();
  }

  @ParameterizedTest
  @EnumSource(VmaAdjustVariant.class)
  void vmaAdjust(VmaAdjustVariant variant) throws InterruptedException {
    assumeTrue(Runtime.getRuntime().availableProcessors() > 1);
    VmaAdjustCostBench bench = new VmaAdjustCostBench();
    bench.variant = variant;
    bench.fork();
    VmaAdjustCostBench.Beside beside = new VmaAdjustCostBench.Beside();
    beside.start(bench);
    VmaAdjustCostBench.Visits visits = new VmaAdjustCostBench.Visits();
    visits.begin(beside);
    for (int i = 0; i < TWICE; i++) {
      bench.besideWalker(beside, visits);
      bench.alone();
      bench.mprotect();
    }
    visits.end(beside);
    beside.stop();
    bench.check();
  }

  @Test
  void unmap() {
    UnmapBench bench = new UnmapBench();
    bench.mappers = 10;
    bench.fork();
    for (int i = 0; i < TWICE; i++) {
      bench.tryToUnmap();
      bench.mapAgain();
    }
    bench.check();
  }

  @ParameterizedTest
  @EnumSource(
      value = TableSize.class,
      names = {"L1", "L2"})
  void walk(TableSize tables) throws Throwable {
    assumeTrue(CLibrary.canCompile());
    WalkBench bench = new WalkBench();
    bench.tables = tables;
    bench.build();
    WalkBench.C c = new WalkBench.C();
    c.copy(bench);
    assertEquals(bench.java(), bench.c(c), "both walk to the same page");
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 512})
  void tlbHit(int pages) {
    TlbBench bench = new TlbBench();
    bench.pages = pages;
    bench.build();
    for (int i = 0; i < TWICE; i++) {
      bench.loadMmu();
      bench.storeMmu();
      assertEquals(bench.loadPlain(), bench.loadAcquire());
      bench.storePlain();
      bench.chainPlain();
      bench.chainMmu();
    }
  }

  @Test
  void shootdown() throws InterruptedException {
    ShootdownBench bench = new ShootdownBench();
    bench.start();
    for (int i = 0; i < TWICE; i++) {
      bench.page();
    }
    bench.stop();
  }

  @ParameterizedTest
  @ValueSource(ints = {64, 1000})
  void vmaTree(int vmas) {
    VmaTreeBench bench = new VmaTreeBench();
    bench.vmas = vmas;
    bench.fill();
    for (int i = 0; i < TWICE; i++) {
      bench.find();
      bench.removeInsert();
      bench.splitMerge();
      bench.highestGap();
    }
  }

  @Test
  void otherFaults() {
    ReadFaultBench read = new ReadFaultBench();
    read.map();
    ReuseFaultBench reuse = new ReuseFaultBench();
    reuse.map();
    CopyFaultBench copy = new CopyFaultBench();
    for (int i = 0; i < TWICE; i++) {
      assertEquals(0, read.fault());
      read.discard();
      reuse.loseExclusive();
      reuse.fault();
      copy.fault();
      copy.shareAgain();
    }
    read.check();
    reuse.check();
    copy.check();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 1024})
  void forkOfPages(int pages) {
    ForkBench bench = new ForkBench();
    bench.pages = pages;
    bench.populate();
    for (int i = 0; i < TWICE; i++) {
      bench.fork();
      bench.exit();
    }
    bench.check();
  }

  @Test
  void populate() {
    PopulateBench bench = new PopulateBench();
    PopulateBench.Mapping mapping = new PopulateBench.Mapping();
    PopulateBench.Unmapped unmapped = new PopulateBench.Unmapped();
    PopulateBench.Populated populated = new PopulateBench.Populated();
    for (int i = 0; i < TWICE; i++) {
      bench.populate(mapping, unmapped);
      unmapped.unmap(mapping);
      populated.populate(mapping);
      bench.munmap(mapping, populated);
    }
    mapping.check();
  }

  @Test
  void protect() {
    ProtectBench bench = new ProtectBench();
    ProtectBench.Mapping mapping = new ProtectBench.Mapping();
    ProtectBench.Writable writable = new ProtectBench.Writable();
    ProtectBench.ReadOnly readOnly = new ProtectBench.ReadOnly();
    for (int i = 0; i < TWICE; i++) {
      bench.readOnly(mapping, writable);
      writable.makeWritable(mapping);
      readOnly.makeReadOnly(mapping);
      bench.writable(mapping, readOnly);
    }
    mapping.check();
  }

  @ParameterizedTest
  @ValueSource(ints = {64, 1000})
  void splitMerge(int vmas) {
    SplitMergeBench bench = new SplitMergeBench();
    bench.vmas = vmas;
    bench.map();
    for (int i = 0; i < TWICE; i++) {
      bench.pair();
    }
    bench.check();
  }

  @Test
  void twoThreadsFault() throws InterruptedException {
    assumeTrue(Runtime.getRuntime().availableProcessors() > 1);
    TwoThreadFaultBench bench = new TwoThreadFaultBench();
    TwoThreadFaultBench.Shared shared = new TwoThreadFaultBench.Shared();
    TwoThreadFaultBench.Partner partner = new TwoThreadFaultBench.Partner();
    partner.start(shared);
    for (int i = 0; i < TWICE; i++) {
      bench.two(shared, partner);
      partner.discard();
      shared.discard();
    }
    partner.stop();
    shared.check();
  }

  @Test
  void machinePool() {
    MachinePoolBench bench = new MachinePoolBench();
    MachinePoolBench.Used used = new MachinePoolBench.Used();
    for (int i = 0; i < TWICE; i++) {
      used.use();
      bench.resetAndTake(used);
    }
    used.close();
    bench.sharedArena();
  }

  @Test
  void hostProgram() throws IOException {
    assumeTrue(HostMemory.isSupported() && CLibrary.canCompile());
    Map<String, Double> figures = new HostProgram().run();
    assertTrue(figures.keySet().containsAll(List.of("fork1", "populate", "splitMerge60000")));
    figures.forEach((name, ns) -> assertTrue(ns > 0, name));
  }

  @Test
  void hostFault() {
    assumeTrue(HostMemory.isSupported());
    HostFaultBench bench = new HostFaultBench();
    bench.map();
    for (int i = 0; i < TWICE; i++) {
      bench.fault();
      bench.discard();
      bench.mapTouchUnmap();
    }
    bench.unmap();
  }

  @Test
  void floors() {
    assumeTrue(HostMemory.isSupported());
    FloorBench bench = new FloorBench();
    bench.map();
    bench.pageCopy();
    bench.pageSet();
    bench.pageSetInMemory();
    bench.pageCopyFromMemory();
    bench.unmap();
  }
}
