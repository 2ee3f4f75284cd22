package org.jmmu.types;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Lookups without a lock while another thread changes the tree. */
class VmaTreeReadersTest {
  private static final long PAGE = 4096;
  private static final int PLACES = 3000; // each 4 pages, of which the last is a hole
  private static final int CHANGES = 300_000;
  private static final long DEADLINE_SECONDS = 60;

  private final Mm mm = new Mm(1);

  /** By place: twice the number of changes, odd while a change is under way. */
  private final AtomicLong[] generations = new AtomicLong[PLACES];

  /** The VMA that stood there after the change; guarded by the generation. */
  private final Vma[] first = new Vma[PLACES];

  private final AtomicBoolean done = new AtomicBoolean();
  private final AtomicLong checked = new AtomicLong();

  /**
   * The writer splits, merges and replaces what lies in a place, which is covered from its first
   * page to its third throughout. A lookup of the first page that no change of that place overlaps
   * must return what stands there; any other must return something that stood there once.
   */
  @Test
  void eachLookupReturnsWhatAVersionHeld()
      throws InterruptedException, ExecutionException, TimeoutException {
    for (int place = 0; place < PLACES; place++) {
      generations[place] = new AtomicLong();
      first[place] = vma(place, 0, 3);
      mm.vmas.insert(first[place]);
    }
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      Future<?> reader = threads.submit(this::read);
      Future<?> writer = threads.submit(this::write);
      try {
        writer.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
      } finally {
        done.set(true);
      }
      reader.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }
    assertTrue(checked.get() > 1000, "lookups compared: " + checked.get());
  }

  private void read() {
    Random random = new Random(2);
    while (!done.get()) {
      int place = random.nextInt(PLACES);
      long before = generations[place].get();
      Vma expected = first[place];
      Vma found = mm.vmas.find(vaddr(place, 0));
      long placeOfFound = found == null ? -1 : found.vmPgoffGetOpaque();
      boolean undisturbed = (before & 1) == 0 && generations[place].get() == before;
      if (undisturbed ? found != expected : placeOfFound != place) {
        throw new AssertionError("place " + place + ", expected " + expected + ", found " + found);
      }
      if (undisturbed) {
        checked.incrementAndGet();
      }
    }
  }

  private void write() {
    Random random = new Random(1);
    for (int i = 0; i < CHANGES; i++) {
      int place = random.nextInt(PLACES);
      generations[place].incrementAndGet();
      change(place, random);
      generations[place].incrementAndGet();
    }
  }

  private void change(int place, Random random) {
    Vma vma = first[place];
    Vma next = mm.vmas.next(vma);
    if (next != null && next.vmPgoffGetOpaque() == place) {
      next.vmStartSetOpaque(vaddr(place, 0)); // the upper one takes all
      vma.vmEndSetOpaque(vaddr(place, 0));
      mm.vmas.rangeChanged(next);
      mm.vmas.remove(vma);
      first[place] = next;
      return;
    }
    long boundary = vaddr(place, 1 + random.nextInt(2));
    Vma half = vma.dup(mm);
    if (random.nextBoolean()) {
      half.vmEndSetOpaque(boundary);
      vma.vmStartSetOpaque(boundary);
      first[place] = half;
    } else {
      half.vmStartSetOpaque(boundary);
      vma.vmEndSetOpaque(boundary);
    }
    mm.vmas.insert(half);
  }

  private Vma vma(int place, int fromPage, int toPage) {
    return new Vma(mm, vaddr(place, fromPage), vaddr(place, toPage), place, 0);
  }

  private static long vaddr(int place, int page) {
    return (4L * place + page) * PAGE;
  }
}
