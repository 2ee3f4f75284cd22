package org.jmmu.sys;

import static org.jmmu.mm.Mman.MADV_DONTNEED;
import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.MAP_SHARED;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jmmu.hw.Cpu;
import org.jmmu.swap.SwapInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;

/**
 * Random trees of processes that write to what they inherited, and to memory that they share, while
 * another thread swaps their pages out and switches swap off and on: each process always has its
 * own content, and all have the same in what is shared. For some seconds, {@code
 * -Djmmu.forktree.seconds=300} for longer; {@code -Djmmu.forktree.seed=N} makes other trees.
 */
class SwapForkTreesTest {
  private static final int PAGES = 6;
  private static final int DEPTH = 5;
  private static final int CHILDREN = 3;
  private static final int TREES = 150; // on one machine
  private static final int STEPS = 40; // between two generations
  private static final int SHARED = PAGES; // the first page that all share
  private static final int MINUTES = 3; // deadline of one machine
  private static final long SECONDS = Long.getLong("jmmu.forktree.seconds", 1);
  private static final long SEED = Long.getLong("jmmu.forktree.seed", 11);
  private static final int RW = PROT_READ | PROT_WRITE;

  private final Random random = new Random(SEED);
  private final AtomicInteger swapped = new AtomicInteger();
  private final AtomicInteger swapoffs = new AtomicInteger();
  private final long[] shared = new long[PAGES]; // what all processes must find there
  private Machine machine = Machine.boot(MachineConfig.small());
  private Cpu cpu = machine.cpu(0);
  private long start;
  private long last; // value written
  private long looks; // values compared

  /** A process and what its pages must hold. */
  private static final class Node {
    final Process process;
    final long[] expected;
    final int depth;

    Node(Process process, long[] expected, int depth) {
      this.process = process;
      this.expected = expected;
      this.depth = depth;
    }
  }

  @Test
  void everyProcessHasItsOwnContent(TestReporter reporter) throws Exception {
    machine.close();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    int machines = 0;
    do {
      machine = Machine.boot(MachineConfig.small().withFrames(4096));
      cpu = machine.cpu(0);
      useOneMachine();
      machine.check();
      assertEquals(0, machine.kernel().framesInUse());
      machine.close();
      machines++;
    } while (System.nanoTime() < end);
    reporter.publishEntry(
        "%d trees, %d pages swapped out, %d times swapoff, %d values compared"
            .formatted(machines * TREES, swapped.get(), swapoffs.get(), looks));
    assertTrue(swapped.get() > 0, "nothing was ever swapped out");
  }

  private void useOneMachine() throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      Future<?> reclaim = threads.submit(() -> swap(over));
      Future<?> trees =
          threads.submit(
              () -> {
                for (int tree = 0; tree < TREES; tree++) {
                  growAndFell();
                }
              });
      try {
        trees.get(MINUTES, TimeUnit.MINUTES);
      } finally {
        over.set(true);
      }
      reclaim.get(MINUTES, TimeUnit.MINUTES);
    }
  }

  private void swap(AtomicBoolean over) {
    while (!over.get()) {
      SwapInfo area = machine.swaponMemory(1000);
      for (int i = 0; i < 10; i++) {
        swapped.addAndGet(machine.reclaim(PAGES));
      }
      machine.swapoff(area);
      swapoffs.incrementAndGet();
    }
  }

  private void growAndFell() {
    Process first = machine.spawn();
    start = first.mmap(2 * PAGES * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS);
    int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED;
    long _ = first.mmap(start + SHARED * PAGE_SIZE, PAGES * PAGE_SIZE, RW, flags);
    Arrays.fill(shared, 0);
    List<Node> alive = new ArrayList<>();
    alive.add(new Node(first, new long[PAGES], 1));
    for (int generation = 0; generation < 2 * DEPTH; generation++) {
      for (int step = 0; step < STEPS; step++) {
        work(alive.get(random.nextInt(alive.size())));
      }
      Node parent = alive.get(random.nextInt(alive.size()));
      for (int child = random.nextInt(CHILDREN + 1); child > 0 && parent.depth < DEPTH; child--) {
        alive.add(new Node(parent.process.fork(), parent.expected.clone(), parent.depth + 1));
      }
      if (alive.size() > 1 && random.nextInt(3) == 0) {
        fell(alive.remove(random.nextInt(alive.size())));
      }
    }
    alive.forEach(this::fell);
  }

  private void work(Node node) {
    Cpu on = node.process.runOn(cpu);
    int page = random.nextInt(2 * PAGES);
    switch (random.nextInt(8)) {
      case 0 -> {
        node.process.madvise(start + page * PAGE_SIZE, PAGE_SIZE, MADV_DONTNEED);
        if (page < SHARED) {
          node.expected[page] = 0; // what is shared comes back
        }
      }
      case 1, 2, 3 -> {
        last++;
        on.storeLong(start + page * PAGE_SIZE, last);
        if (page < SHARED) {
          node.expected[page] = last;
        } else {
          shared[page - SHARED] = last;
        }
      }
      default -> look(node, on, page);
    }
    node.process.leave(on);
  }

  private void look(Node node, Cpu on, int page) {
    long expected = page < SHARED ? node.expected[page] : shared[page - SHARED];
    assertEquals(expected, on.loadLong(start + page * PAGE_SIZE), "page " + page);
    looks++;
  }

  private void fell(Node node) {
    Cpu on = node.process.runOn(cpu);
    for (int page = 0; page < 2 * PAGES; page++) {
      look(node, on, page);
    }
    node.process.leave(on);
    node.process.exit();
  }
}
