package org.jmmu.sys;

import static org.jmmu.mm.Mman.MADV_MERGEABLE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jmmu.sys.ForkTree.Member;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;

/**
 * Random trees of processes whose pages are merged, written to, unmerged and moved, all at the same
 * time. One tree after the other for some seconds, {@code -Djmmu.forktree.seconds=300} for longer;
 * {@code -Djmmu.forktree.seed=N} makes the threads' programs others.
 */
class KsmForkTreesTest {
  private static final long SECONDS = Long.getLong("jmmu.forktree.seconds", 4);
  private static final long SEED = Long.getLong("jmmu.forktree.seed", 1);
  private static final int USERS = 2; // threads besides the one that merges and the one that moves
  private static final int STEPS = 2_000; // of each of them, a tree
  private static final int FRAMES = 4096;
  private static final int MINUTES = 2; // deadline of one tree

  private final Random random = new Random(SEED);
  private KsmTreeMigrator.Counts counts = KsmTreeMigrator.Counts.NONE;
  private int merged; // most merged pages of each tree, added up

  @Test
  void everyProcessKeepsItsOwnContent(TestReporter reporter) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    int trees = 0;
    do {
      long seed = random.nextLong();
      try (Machine machine = Machine.boot(config())) {
        ForkTree tree = new ForkTree(machine);
        Process first = tree.members.getFirst().process;
        first.madvise(ForkTree.BASE, ForkTree.PAGES * PAGE_SIZE, MADV_MERGEABLE);
        for (int user = 1; user < USERS; user++) {
          tree.fork(tree.members.getFirst()); // each thread has one to begin with
        }
        runOne(machine, tree, seed);
        machine.scanKsm();
        machine.check();
        tree.members.forEach(tree::exit);
        machine.check();
        assertEquals(0, machine.kernel().framesInUse());
      } catch (Exception | AssertionError e) {
        throw new AssertionError("tree " + trees + " of seed " + SEED, e);
      }
      trees++;
    } while (System.nanoTime() < end);
    reporter.publishEntry(trees + " trees, " + merged + " merged pages at least, " + counts);
    assertTrue(counts.migrated() > 0 && counts.stopped() > 0 && merged > 0, "" + counts);
    assertTrue(counts.followed() > 2 * counts.stopped(), "hardly a merged page was shared");
  }

  private static MachineConfig config() {
    return MachineConfig.small().withFrames(FRAMES).withNodes(2).withCpus(USERS);
  }

  private void runOne(Machine machine, ForkTree tree, long seed) throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    List<Member> members = List.copyOf(tree.members); // there are others as soon as one thread runs
    try (ExecutorService threads = Executors.newFixedThreadPool(USERS + 2)) {
      Future<KsmTreeMigrator.Counts> migrator =
          threads.submit(new KsmTreeMigrator(machine, tree, seed, over));
      Future<Integer> scanner = threads.submit(() -> scan(machine, tree, over));
      List<Future<?>> users = new ArrayList<>();
      try {
        for (int user = 0; user < USERS; user++) {
          List<Member> mine = new ArrayList<>(List.of(members.get(user)));
          users.add(
              threads.submit(
                  new KsmTreeUser(tree, machine.cpu(user), mine, seed + 1 + user, STEPS)));
        }
        for (Future<?> user : users) {
          user.get(MINUTES, TimeUnit.MINUTES);
        }
      } finally {
        over.set(true);
      }
      counts = counts.plus(migrator.get(MINUTES, TimeUnit.MINUTES));
      merged += scanner.get(MINUTES, TimeUnit.MINUTES);
    }
  }

  /** Most pages that were merged at a time. */
  private static int scan(Machine machine, ForkTree tree, AtomicBoolean over) {
    int most = 0;
    while (!over.get()) {
      tree.steps.readLock().lock();
      try {
        machine.scanKsm();
        most = Math.max(most, machine.ksmPagesShared());
      } finally {
        tree.steps.readLock().unlock();
      }
    }
    return most;
  }
}
