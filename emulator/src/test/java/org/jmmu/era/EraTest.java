package org.jmmu.era;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ServiceLoader;
import org.jmmu.mm.ExecStackProtocol;
import org.jmmu.mm.ExecStackTempStackFlag;
import org.jmmu.mm.Fault;
import org.jmmu.mm.MigrationWaitProtocol;
import org.jmmu.race.Race;
import org.jmmu.race.RaceVariant;
import org.jmmu.race.Verdict;
import org.jmmu.race.mpxunmap.MpxUnmapVariant;
import org.jmmu.race.vmaadjust.VmaAdjustVariant;
import org.jmmu.rmap.MremapPeekProtocol;
import org.jmmu.rmap.VmaAdjustProtocol;
import org.jmmu.sys.MachineConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EraTest {
  @ParameterizedTest
  @EnumSource
  void hasAVariantOfEveryRace(Era era) {
    for (Race race : ServiceLoader.load(Race.class)) {
      RaceVariant variant = era.variantOf(race);
      assertTrue(race.variants().contains(variant), era + " " + race.slug());
    }
  }

  /** All but one: a walk can take a page that moves for one that was not accessed, up to 6.19. */
  @Test
  void todayEveryRaceIsMended() {
    for (Race race : ServiceLoader.load(Race.class)) {
      if (race.slug().equals("uffd-move")) {
        continue;
      }
      assertEquals(Verdict.CORRECT, Era.LINUX_6_18.variantOf(race).verdict(), race.slug());
    }
  }

  @Test
  void theFirstOneIsBrokenThroughout() {
    for (Race race : ServiceLoader.load(Race.class)) {
      if (Era.LINUX_2_6_34.variantOf(race) == MpxUnmapVariant.ABSENT) {
        continue; // what the race is about came later
      }
      assertEquals(Verdict.BROKEN, Era.LINUX_2_6_34.variantOf(race).verdict(), race.slug());
    }
  }

  @Test
  void picksAllSeamsAtOnce() {
    MachineConfig config = MachineConfig.small().with(Era.LINUX_2_6_34);
    assertSame(
        VmaAdjustVariant.NONE.applyTo(config).protocol(VmaAdjustProtocol.class),
        config.protocol(VmaAdjustProtocol.class));
    assertEquals(Fault.Locking.MMAP_LOCK, config.protocol(Fault.Locking.class));
    MachineConfig later = config.with(Era.LINUX_2_6_36);
    assertInstanceOf(ExecStackTempStackFlag.class, later.protocol(ExecStackProtocol.class));
    assertEquals(config.nrFrames(), later.nrFrames());
  }

  @Test
  void todayIsTheDefault() {
    MachineConfig plain = MachineConfig.small();
    MachineConfig today = plain.with(Era.LINUX_6_18);
    assertSame(plain.protocol(Fault.Locking.class), today.protocol(Fault.Locking.class));
    assertSame(
        plain.protocol(VmaAdjustProtocol.class).getClass(),
        today.protocol(VmaAdjustProtocol.class).getClass());
    assertSame(
        plain.protocol(MigrationWaitProtocol.class).getClass(),
        today.protocol(MigrationWaitProtocol.class).getClass());
    assertSame(
        plain.protocol(MremapPeekProtocol.class).getClass(),
        today.protocol(MremapPeekProtocol.class).getClass());
    assertSame(
        plain.protocol(ExecStackProtocol.class).getClass(),
        today.protocol(ExecStackProtocol.class).getClass());
  }

  @Test
  void isFoundByItsVersion() {
    assertSame(Era.LINUX_3_7, Era.ofVersion("3.7"));
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Era.ofVersion("4.1"));
    assertEquals(
        "unknown era '4.1'; there are: 2.6.34, 2.6.36, 3.7, 3.19, 5.2, 6.18", e.getMessage());
  }
}
