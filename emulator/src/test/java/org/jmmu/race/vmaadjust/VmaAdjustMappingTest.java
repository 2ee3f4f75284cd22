package org.jmmu.race.vmaadjust;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Objects;
import java.util.Set;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.rmap.RmapOne;
import org.jmmu.rmap.VmaAdjustProtocol;
import org.jmmu.sched.Schedule;
import org.jmmu.sched.StepResult;
import org.jmmu.sched.Stepper;
import org.jmmu.types.AnonVma;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The layouts of the race where X is a page of a file, or a merged one. */
class VmaAdjustMappingTest {
  private static final String[] POINTS_OF_W = {
    "vmaAdjust.begin",
    "vmaAdjust.vm_start",
    "vmaAdjust.vm_end",
    "vmaAdjust.vm_pgoff",
    "vmaAdjust.next.vm_start",
    "vmaAdjust.done",
    "end"
  };
  private static final int LOOKS = 5;

  /** vma_adjust of every era holds i_mmap's lock, whatever it does about anon_vmas. */
  @ParameterizedTest
  @EnumSource
  void filePagesAreNotLostWithoutAnonVmaLock(Interleaving interleaving) {
    assertEquals(0, losses(VmaAdjustVariant.NONE.protocol(), interleaving, Mapping.FILE));
  }

  @ParameterizedTest
  @EnumSource
  void filePagesAreLostWithoutThatLock(Interleaving interleaving) {
    String schedule = "M:migrate.copied W:vmaAdjust.vm_start M:end W:end";
    assertEquals("dangling", verdict(new WithoutIMmapLock(), interleaving, Mapping.FILE, schedule));
  }

  /** The address is the item's: nothing can be torn, but X can be in neither VMA. */
  @ParameterizedTest
  @EnumSource
  void mergedPagesAreLostInTheGapAndTheShift(Interleaving interleaving) {
    boolean lost =
        Set.of(Interleaving.GAP, Interleaving.SHIFT, Interleaving.FORKED_SHIFT)
            .contains(interleaving);
    int losses = losses(VmaAdjustVariant.NONE.protocol(), interleaving, Mapping.KSM);
    assertEquals(lost, losses > 0, () -> losses + " schedules");
  }

  @ParameterizedTest
  @EnumSource
  void mergedPagesAreNotLostToday(Interleaving interleaving) {
    VmaAdjustProtocol protocol = VmaAdjustVariant.RWSEM_INTERVAL.protocol();
    assertEquals(0, losses(protocol, interleaving, Mapping.KSM));
  }

  /** Schedules, of all with one stop of walk 2 and one of the change, that lose X. */
  private static int losses(
      VmaAdjustProtocol protocol, Interleaving interleaving, Mapping mapping) {
    int losses = 0;
    for (int look = 0; look <= LOOKS; look++) {
      String walk = look == 0 ? "" : " M:rmapWalk.vma*" + look;
      for (String point : POINTS_OF_W) {
        String schedule = "M:migrate.copied" + walk + " W:" + point + " M:end W:end";
        String verdict = verdict(protocol, interleaving, mapping, schedule);
        if (!verdict.equals("sound")) {
          assertEquals("dangling", verdict, schedule);
          losses++;
        }
      }
    }
    return losses;
  }

  private static String verdict(
      VmaAdjustProtocol protocol, Interleaving interleaving, Mapping mapping, String schedule) {
    try (VmaAdjustFixture fixture = VmaAdjustFixture.of(protocol, interleaving, mapping)) {
      StepResult run =
          Stepper.of(Schedule.parse(schedule))
              .thread("M", fixture::migrate)
              .thread("W", fixture::adjust)
              .run();
      run.throwIfFailed();
      return fixture.verdict();
    }
  }

  /** NONE, and what it changes of a file's VMA it changes without i_mmap's lock. */
  private static final class WithoutIMmapLock implements VmaAdjustProtocol {
    private final VmaAdjustProtocol none = VmaAdjustVariant.NONE.protocol();

    @Override
    public void anonVmaLock(AnonVma anonVma) {
      none.anonVmaLock(anonVma);
    }

    @Override
    public void anonVmaUnlock(AnonVma anonVma) {
      none.anonVmaUnlock(anonVma);
    }

    @Override
    public long vmaAddress(long index, Vma vma) {
      return none.vmaAddress(index, vma);
    }

    @Override
    public int rmapWalkAnon(AnonVma anonVma, long pfn, long index, RmapOne one, long arg) {
      return none.rmapWalkAnon(anonVma, pfn, index, one, arg);
    }

    @Override
    public void vmaAdjust(
        AnonVmas anonVmas, Vma vma, long start, long end, long pgoff, @Nullable Vma insert) {
      var iMmapRwsem = Objects.requireNonNull(vma.file).mapping.iMmapRwsem;
      iMmapRwsem.writeUnlock();
      none.vmaAdjust(anonVmas, vma, start, end, pgoff, insert);
      iMmapRwsem.writeLock();
    }
  }
}
