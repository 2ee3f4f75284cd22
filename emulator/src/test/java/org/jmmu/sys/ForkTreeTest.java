package org.jmmu.sys;

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
 * Random trees of processes, whose pages move under their feet. One tree after the other for some
 * seconds, {@code -Djmmu.forktree.seconds=300} for longer; {@code -Djmmu.forktree.seed=N} makes the
 * threads' programs others.
 */
class ForkTreeTest {
  private static final long SECONDS = Long.getLong("jmmu.forktree.seconds", 4);
  private static final long SEED = Long.getLong("jmmu.forktree.seed", 1);
  private static final int USERS = 3; // threads besides the one that migrates
  private static final int STEPS = 1_000; // of each of them, a tree
  private static final int FRAMES = 4096;
  private static final int MINUTES = 2; // deadline of one tree

  private final Random random = new Random(SEED);

  @Test
  void everyProcessFollowsAndNothingIsLost(TestReporter reporter) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    ForkTreeMigrator.Counts counts = ForkTreeMigrator.Counts.NONE;
    int trees = 0;
    int processes = 0;
    do {
      long seed = random.nextLong();
      try (Machine machine = Machine.boot(config())) {
        ForkTree tree = grow(machine);
        processes += tree.members.size();
        counts = counts.plus(runOne(machine, tree, seed));
        machine.check();
        tree.members.forEach(tree::exit);
        machine.check();
        assertEquals(0, machine.kernel().framesInUse());
      } catch (Exception | AssertionError e) {
        throw new AssertionError("tree " + trees + " of seed " + SEED, e);
      }
      trees++;
    } while (System.nanoTime() < end);
    reporter.publishEntry(trees + " trees of " + processes + " processes at first, " + counts);
    assertTrue(counts.migrated() > 0 && counts.moved() > 0 && counts.shared() > 0, "" + counts);
  }

  private static MachineConfig config() {
    return MachineConfig.small().withFrames(FRAMES).withNodes(2).withCpus(USERS + 1);
  }

  /** A tree with every level down to the last, and up to three children a process. */
  private ForkTree grow(Machine machine) {
    ForkTree tree = new ForkTree(machine);
    List<Member> level = List.of(tree.members.getFirst());
    while (!level.isEmpty()) {
      List<Member> next = new ArrayList<>();
      for (Member parent : level) {
        int children = random.nextInt(ForkTree.CHILDREN + 1);
        for (int i = 0; i < children || (i == 0 && next.isEmpty()); i++) {
          List<Member> alone = new ArrayList<>(List.of(parent));
          new ForkTreeUser(tree, machine.cpu(0), alone, random.nextLong(), 4).run();
          Member child = tree.fork(parent);
          if (child != null) {
            next.add(child);
          }
        }
      }
      level = next;
    }
    return tree;
  }

  private ForkTreeMigrator.Counts runOne(Machine machine, ForkTree tree, long seed)
      throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    List<Member> members = List.copyOf(tree.members); // there are others as soon as one thread runs
    try (ExecutorService threads = Executors.newFixedThreadPool(USERS + 1)) {
      Future<ForkTreeMigrator.Counts> migrator =
          threads.submit(new ForkTreeMigrator(machine, tree, seed, over));
      List<Future<?>> users = new ArrayList<>();
      for (int user = 0; user < USERS; user++) {
        List<Member> mine = new ArrayList<>();
        for (int i = user; i < members.size(); i += USERS) {
          mine.add(members.get(i));
        }
        users.add(
            threads.submit(
                new ForkTreeUser(tree, machine.cpu(1 + user), mine, seed + 1 + user, STEPS)));
      }
      try {
        for (Future<?> user : users) {
          user.get(MINUTES, TimeUnit.MINUTES);
        }
      } finally {
        over.set(true);
      }
      return migrator.get(MINUTES, TimeUnit.MINUTES);
    }
  }
}
