package org.jmmu.pgtable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jmmu.hw.PteBits;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;
import org.jmmu.sched.Deadline;
import org.junit.jupiter.api.Test;

class PteYoungTest {
  private static final int TIMES = 20_000;

  private final PhysMemory phys = new PhysMemory(2);
  private final long pteAddr = phys.frameAddr(1);

  @Test
  void clearsAAndNothingElse() {
    long other = PteBits.P | PteBits.US | 5 << PhysMemory.PAGE_SHIFT;
    for (long bits : new long[] {0, PteBits.RW, PteBits.D, PteBits.RW | PteBits.D}) {
      for (long a : new long[] {0, PteBits.A}) {
        Mem.longSetOpaque(pteAddr, other | bits | a);
        assertEquals(a != 0, Pte.testAndClearYoung(pteAddr));
        assertEquals(other | bits, Mem.longGetAcquire(pteAddr));
      }
    }
  }

  /** Hardware sets D in a young, writable, clean entry at the same moment: it is never lost. */
  @Test
  void dirtyBitSurvives() throws InterruptedException {
    long clean = PteBits.P | PteBits.RW | PteBits.A;
    Mem.longSetOpaque(pteAddr, clean);
    AtomicBoolean over = new AtomicBoolean();
    AtomicInteger set = new AtomicInteger();
    Thread hardware =
        new Thread(
            () -> {
              while (!over.get()) {
                long word = Mem.longGetAcquire(pteAddr);
                if (word == clean && Mem.longCas(pteAddr, word, word | PteBits.D)) {
                  set.incrementAndGet();
                }
              }
            });
    hardware.start();
    int seen = 0;
    Deadline deadline = Deadline.start();
    while (seen < TIMES && !deadline.hasPassed()) {
      boolean _ = Pte.testAndClearYoung(pteAddr);
      if (Pte.isDirty(Mem.longGetAcquire(pteAddr))) {
        seen++;
        Mem.longSetOpaque(pteAddr, clean);
      } else {
        long _ = Mem.longGetAndOr(pteAddr, PteBits.A);
      }
    }
    over.set(true);
    hardware.join();
    assertTrue(seen > 0, "the two never met");
    assertEquals(set.get(), seen + (Pte.isDirty(Mem.longGetAcquire(pteAddr)) ? 1 : 0));
  }
}
