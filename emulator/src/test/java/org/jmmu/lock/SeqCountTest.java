package org.jmmu.lock;

import static org.jmmu.lock.Thrown.message;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jmmu.sched.DeadlockException;
import org.jmmu.sched.ShortDeadline;
import org.junit.jupiter.api.Test;

class SeqCountTest {
  private static final int ROUNDS = 50_000;

  private final SeqCount seq = new SeqCount();

  @Test
  void anUndisturbedReadNeedsNoRetry() {
    long begin = seq.readBegin();
    assertFalse(seq.readRetry(begin));
    assertFalse(seq.readRetry(begin));
  }

  @Test
  void aWriteSectionInBetweenMeansRetry() {
    long begin = seq.readBegin();
    seq.writeBegin();
    assertTrue(seq.readRetry(begin));
    seq.writeEnd();
    assertTrue(seq.readRetry(begin));
    assertFalse(seq.readRetry(seq.readBegin()));
  }

  @Test
  void readersSeeBothStoresOrNone() {
    AtomicLong first = new AtomicLong();
    AtomicLong second = new AtomicLong();
    AtomicBoolean done = new AtomicBoolean();
    Threads.together(
        () -> {
          for (int i = 1; i <= ROUNDS; i++) {
            seq.writeBegin();
            first.setOpaque(i);
            second.setOpaque(i);
            seq.writeEnd();
          }
          done.set(true);
        },
        () -> {
          while (!done.get()) {
            long a;
            long b;
            long begin;
            do {
              begin = seq.readBegin();
              a = first.getOpaque();
              b = second.getOpaque();
            } while (seq.readRetry(begin));
            assertEquals(a, b);
          }
        });
  }

  @Test
  void aReaderWaitsForTheEndOfAWriteSection() {
    seq.writeBegin();
    AtomicBoolean ended = new AtomicBoolean();
    Threads.Started reader =
        Threads.start(
                "reader",
                () -> {
                  seq.readBegin();
                  assertTrue(ended.get());
                })
            .awaitParked();
    ended.set(true);
    seq.writeEnd();
    reader.join();
  }

  @Test
  void aSecondWriterIsABug() {
    seq.writeBegin();
    assertThrows(IllegalStateException.class, seq::writeBegin);
    Threads.elsewhere(() -> assertThrows(IllegalStateException.class, seq::writeBegin));
    seq.writeEnd();
    assertThrows(IllegalStateException.class, seq::writeEnd);
    seq.writeBegin();
    seq.writeEnd();
  }

  @Test
  void aReaderInsideItsOwnWriteSectionIsADeadlock() {
    seq.writeBegin();
    try (ShortDeadline _ = new ShortDeadline()) {
      DeadlockException e = assertThrows(DeadlockException.class, seq::readBegin);
      assertTrue(message(e).contains("for seqcount"), message(e));
    }
    seq.writeEnd();
  }
}
