package org.jmmu.hunt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.jmmu.era.Era;
import org.jmmu.hunt.Catalogue.UnknownNameException;
import org.junit.jupiter.api.Test;

class CatalogueTest {
  private final Catalogue catalogue = new Catalogue(List.of(SampleRace.RACE));

  @Test
  void noNameSelectsEverything() {
    assertEquals(List.of(SampleRace.NONE, SampleRace.SEQ_ADDR), catalogue.select(List.of()));
  }

  @Test
  void slugSelectsAllVariants() {
    assertEquals(
        List.of(SampleRace.NONE, SampleRace.SEQ_ADDR), catalogue.select(List.of("sample-race")));
  }

  @Test
  void targetNamedTwiceIsHuntedOnce() {
    assertEquals(
        List.of(SampleRace.SEQ_ADDR, SampleRace.NONE),
        catalogue.select(List.of("sample-race:seq_addr", "sample-race")));
  }

  @Test
  void anEraSelectsOneVariantOfEachRace() {
    Catalogue all = Catalogue.load();
    List<Target> targets = all.select(List.of(), Era.LINUX_2_6_34);
    assertEquals(all.races(), targets.stream().map(Target::race).toList());
    List<Target> one = all.select(List.of("vma-adjust", "vma-adjust"), Era.LINUX_2_6_34);
    assertEquals(List.of("NONE"), one.stream().map(target -> target.variant().name()).toList());
  }

  @Test
  void unknownNamesAreAnsweredWithTheKnownOnes() {
    var noRace =
        assertThrows(UnknownNameException.class, () -> catalogue.select(List.of("x:NONE")));
    assertEquals("unknown race 'x'; there are: sample-race", noRace.getMessage());

    var noVariant =
        assertThrows(UnknownNameException.class, () -> catalogue.select(List.of("sample-race:X")));
    assertEquals(
        "race sample-race has no variant 'X'; it has: NONE, SEQ_ADDR", noVariant.getMessage());
  }

  @Test
  void stressTestIsNamedAfterRaceAndVariant() {
    assertEquals("org.jmmu.stress.SampleRaceStress.SeqAddr", SampleRace.SEQ_ADDR.testName());
  }
}
