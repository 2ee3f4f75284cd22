package org.jmmu.era;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ServiceLoader;
import org.jmmu.mm.ExecStackTempStackFlag;
import org.jmmu.mm.Fault;
import org.jmmu.race.Race;
import org.jmmu.race.RaceVariant;
import org.jmmu.race.Verdict;
import org.jmmu.race.vmaadjust.VmaAdjustVariant;
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

  @Test
  void todayEveryRaceIsMended() {
    for (Race race : ServiceLoader.load(Race.class)) {
      assertEquals(Verdict.CORRECT, Era.LINUX_6_18.variantOf(race).verdict(), race.slug());
    }
  }

  @Test
  void theFirstOneIsBrokenThroughout() {
    for (Race race : ServiceLoader.load(Race.class)) {
      assertEquals(Verdict.BROKEN, Era.LINUX_2_6_34.variantOf(race).verdict(), race.slug());
    }
  }

  @Test
  void picksAllSeamsAtOnce() {
    MachineConfig config = MachineConfig.small().with(Era.LINUX_2_6_34);
    assertSame(VmaAdjustVariant.NONE.applyTo(config).vmaAdjust(), config.vmaAdjust());
    assertEquals(Fault.Locking.MMAP_LOCK, config.faultLocking());
    MachineConfig later = config.with(Era.LINUX_2_6_36);
    assertInstanceOf(ExecStackTempStackFlag.class, later.execStack());
    assertEquals(config.nrFrames(), later.nrFrames());
  }

  @Test
  void todayIsTheDefault() {
    MachineConfig plain = MachineConfig.small();
    MachineConfig today = plain.with(Era.LINUX_6_18);
    assertSame(plain.faultLocking(), today.faultLocking());
    assertSame(plain.vmaAdjust().getClass(), today.vmaAdjust().getClass());
    assertSame(plain.migrationWait().getClass(), today.migrationWait().getClass());
    assertSame(plain.mremapPeek().getClass(), today.mremapPeek().getClass());
    assertSame(plain.execStack().getClass(), today.execStack().getClass());
  }

  @Test
  void isFoundByItsVersion() {
    assertSame(Era.LINUX_3_7, Era.ofVersion("3.7"));
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Era.ofVersion("4.1"));
    assertEquals("unknown era '4.1'; there are: 2.6.34, 2.6.36, 3.7, 6.18", e.getMessage());
  }
}
