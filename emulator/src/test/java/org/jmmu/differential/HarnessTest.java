package org.jmmu.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jmmu.differential.Differential.Difference;
import org.jmmu.mm.Mman;
import org.junit.jupiter.api.Test;

/** The differential test finds what is wrong, shown with emulators that do a call wrongly. */
class HarnessTest {
  private static final Set<Observation> OBSERVATIONS =
      EnumSet.of(Observation.MAPS, Observation.PAGES, Observation.EXCLUSIVE);

  private final Side right = new EmulatorSide(OBSERVATIONS);

  /** Something that makes other calls than it was told to make. */
  private Side wrong(UnaryOperator<Call> change) {
    return (calls, describeAt) -> right.run(calls.stream().map(change).toList(), describeAt);
  }

  private static List<Call> sequence(long seed) {
    return new CallGenerator(seed, Set.of(), 500).generate();
  }

  private static Difference find(Differential differential) {
    Difference difference = null;
    for (long seed = 0; difference == null && seed < 100; seed++) {
      difference = differential.compare(sequence(seed));
    }
    return differential.shrink(Objects.requireNonNull(difference, "nothing found"));
  }

  private static List<Op> ops(Difference difference) {
    return difference.calls().stream().map(Call::op).toList();
  }

  @Test
  void equalSidesAreEqual() {
    assertNull(new Differential(right, right).compare(sequence(0)));
  }

  @Test
  void aSeedAlwaysMakesTheSameSequence() {
    assertEquals(sequence(7).toString(), sequence(7).toString());
    assertNotEquals(sequence(7).toString(), sequence(8).toString());
  }

  @Test
  void memoryThatIsNotUnmappedIsFoundInTheMaps() {
    Side forgetful = wrong(call -> call.op() == Op.MUNMAP ? new Call(call.who(), Op.CHECK) : call);
    Difference difference = find(new Differential(right, forgetful));
    assertEquals(List.of(Op.MMAP, Op.MUNMAP), ops(difference));
  }

  @Test
  void aStoreOfAWrongValueIsFoundInTheBytes() {
    Side sloppy =
        wrong(
            call ->
                call.op() == Op.WRITE && call.argument(1) % 16 == 3
                    ? new Call(call.who(), Op.WRITE, call.argument(0), 4)
                    : call);
    Differential differential = new Differential(right, sloppy);
    Difference difference = find(differential);
    assertEquals(List.of(Op.MMAP, Op.WRITE), ops(difference));
    String text = differential.describe(difference);
    assertTrue(text.contains("P0 WRITE(+0x"), text);
    assertTrue(text.contains("exclusive"), text);
  }

  @Test
  void aWrongProtectionIsFoundAlthoughManyCallsFollow() {
    Side lax =
        wrong(
            call ->
                call.op() == Op.MMAP && call.argument(2) == Mman.PROT_EXEC
                    ? mmapWithProt(call, Mman.PROT_EXEC | Mman.PROT_READ)
                    : call);
    assertEquals(List.of(Op.MMAP), ops(find(new Differential(right, lax))));
  }

  private static Call mmapWithProt(Call call, long prot) {
    return new Call(
        call.who(),
        Op.MMAP,
        call.argument(0),
        call.argument(1),
        prot,
        call.argument(3),
        call.argument(4),
        call.argument(5));
  }

  @Test
  void aCallThatTheEmulatorDoesNotSurviveIsADifference() {
    Side fragile =
        (calls, describeAt) -> {
          for (int i = 0; i < calls.size(); i++) {
            if (calls.get(i).op() == Op.READ) {
              return EmulatorSide.crash(
                  right.run(calls.subList(0, i), Side.NONE).results(), new AssertionError("boom"));
            }
          }
          return right.run(calls, describeAt);
        };
    Differential differential = new Differential(right, fragile);
    Difference difference = find(differential);
    assertEquals(List.of(Op.READ), ops(difference));
    assertEquals(Result.Kind.CRASH, difference.actual().kind());
    assertTrue(differential.describe(difference).contains("boom"));
  }
}
