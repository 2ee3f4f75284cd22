package org.jmmu.sys;

import static org.jmmu.mm.Mman.MADV_DONTNEED;
import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
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
import java.util.concurrent.atomic.AtomicInteger;
import org.jmmu.hw.Cpu;
import org.junit.jupiter.api.Test;

/**
 * Random trees of processes that write to what they inherited, while another thread swaps their
 * pages out and switches swap off and on: each process always has its own content.
 */
class SwapForkTreesTest {
  private static final int PAGES = 6;
  private static final int DEPTH = 5;
  private static final int CHILDREN = 3;
  private static final int ROUNDS = 150;
  private static final int STEPS = 40; // between two generations
  private static final int MINUTES = 3; // deadline

  private final Machine machine = Machine.boot(MachineConfig.small().withFrames(4096));
  private final Cpu cpu = machine.cpu(0);
  private final Random random = new Random(11);
  private final AtomicBoolean over = new AtomicBoolean();
  private final AtomicInteger swapped = new AtomicInteger();
  private long start;
  private long last; // value written

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
  void everyProcessHasItsOwnContent() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      Future<?> reclaim = threads.submit(this::swap);
      Future<?> trees =
          threads.submit(
              () -> {
                for (int round = 0; round < ROUNDS; round++) {
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
    assertTrue(swapped.get() > 0, "nothing was ever swapped out");
    machine.check();
    assertEquals(0, machine.kernel().framesInUse());
    machine.close();
  }

  private void swap() {
    while (!over.get()) {
      var area = machine.swaponMemory(1000);
      for (int i = 0; i < 10; i++) {
        swapped.addAndGet(machine.reclaim(PAGES));
      }
      machine.swapoff(area);
    }
  }

  private void growAndFell() {
    Process first = machine.spawn();
    start = first.mmap(PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
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
    int page = random.nextInt(PAGES);
    long vaddr = start + page * PAGE_SIZE;
    switch (random.nextInt(8)) {
      case 0 -> {
        node.process.madvise(vaddr, PAGE_SIZE, MADV_DONTNEED);
        node.expected[page] = 0;
      }
      case 1, 2, 3 -> {
        node.expected[page] = ++last;
        on.storeLong(vaddr, last);
      }
      default -> assertEquals(node.expected[page], on.loadLong(vaddr), "page " + page);
    }
    node.process.leave(on);
  }

  private void fell(Node node) {
    Cpu on = node.process.runOn(cpu);
    for (int page = 0; page < PAGES; page++) {
      assertEquals(node.expected[page], on.loadLong(start + page * PAGE_SIZE), "page " + page);
    }
    node.process.leave(on);
    node.process.exit();
  }
}
