package org.jmmu.hw;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every flush is needed, and every part of a tag: without any one of them the model objects. */
class TlbMutationTest {
  private static final long OPERATIONS = 200_000;

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void isCaught(String what, String className, String from, String to) throws Exception {
    LongFunction<?> run =
        (LongFunction<?>) Mutant.of(className, from, to).create(TlbModelRun.class);
    assertNotNull(run.apply(OPERATIONS), what);
  }

  static Stream<Arguments> isCaught() {
    return Stream.of(flushes(), tags(), registers()).flatMap(group -> group);
  }

  /** Too rare for random operations: the test that was written for it must fail. */
  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = ';',
      textBlock =
          """
          numbersThatAreUsedAgainBringNothingBack;HotTlb;CpuBlock.clearEntries(block)~dropAll()
          numbersThatAreUsedAgainBringNothingBack;Tlb;small.clear()~large.clear()
          largeEntryThatIsReplacedLeavesNoPieces;Tlb;large.put(vaddr, tagged, word)~large.put(vaddr, tagged, word) & fills < 0
          """)
  void isCaughtBy(String test, String className, String change) throws Exception {
    String[] fromTo = change.split("~", -1);
    Object fixture = Mutant.of(className, fromTo[0], fromTo[1]).create(TlbTest.class);
    Method method = fixture.getClass().getDeclaredMethod(test);
    method.setAccessible(true);
    assertThrows(InvocationTargetException.class, () -> method.invoke(fixture));
  }

  private static Arguments mutation(String what, String className, String from, String to) {
    return Arguments.of(what, className, from, to);
  }

  private static Stream<Arguments> flushes() {
    return Stream.of(
        mutation("page stays in the hot TLB", "Tlb", "    hot.drop(vaddr);\n", ""),
        mutation(
            "page stays behind the hot TLB",
            "Tlb",
            "    small.drop(vaddr, firstStamp, secondStamp);\n",
            ""),
        mutation("large page stays", "Tlb", "large.drop(vaddr, firstStamp, secondStamp)", "false"),
        mutation("huge page stays", "Tlb", "huge.drop(vaddr, firstStamp, secondStamp)", "false"),
        mutation("pieces of a large page stay", "Tlb", "if (gone) {", "if (gone && pcid < 0) {"),
        mutation(
            "INVLPG leaves the global page",
            "Tlb",
            "drop(vaddr, stamps.peek(ofPcid), globalStamp)",
            "flushPageKeepGlobal(ofPcid, vaddr)"),
        mutation(
            "INVLPG takes the global page only",
            "Tlb",
            "drop(vaddr, stamps.peek(ofPcid), globalStamp)",
            "drop(vaddr, globalStamp, globalStamp)"),
        mutation("PCID stays", "Tlb", "    stamps.forget(ofPcid);\n", ""),
        mutation(
            "all PCIDs stay",
            "Tlb",
            "void flushAllKeepGlobal() {\n    stamps.forgetAll();",
            "void flushAllKeepGlobal() {"),
        mutation(
            "global pages stay",
            "Tlb",
            "    globalStamp = stamps.next();\n    globalsFilled",
            "    globalsFilled"),
        mutation(
            "global pages stay when a range is long", "Tlb", "    globalsFilled |= global;\n", ""),
        mutation("long ranges stay", "Tlb", "        flushPcid(ofPcid);\n", ""),
        mutation("last page of a range stays", "Tlb", "i < pages;", "i < pages - 1;"),
        mutation(
            "range request taken for another page",
            "Ipi",
            "tlb.flushPages(pcid, start, end)",
            "tlb.flushPages(pcid, end, end + 1)"));
  }

  private static Stream<Arguments> tags() {
    return Stream.of(
        mutation(
            "stamp not compared",
            "TlbArray",
            "if (tags[i] == (page | firstStamp) ||",
            "if (tags[i] << 12 >>> 12 == page ||"),
        mutation(
            "offset in a large page lost",
            "TlbArray",
            "(words[index] & ~offset) | (vaddr & offset)",
            "words[index]"),
        mutation("context without mode", "HotTlb", " | mode;", ";"),
        mutation("context without PCID", "HotTlb", "stamp >>> TlbStamps.SHIFT << MODE_BITS |", ""),
        mutation("clean pages written", "HotTlb", "(word & PteBits.D) != 0 && ", ""),
        mutation(
            "clean pages written behind the hot TLB",
            "Mmu",
            "&& (access != Access.WRITE || (word & PteBits.D) != 0)",
            ""),
        mutation(
            "rights not judged anew",
            "Mmu",
            "return rights.allows(word, access)",
            "return word != 0"));
  }

  private static Stream<Arguments> registers() {
    String registers = "ControlRegisters";
    return Stream.of(
        mutation("CR3 flushes nothing", registers, "if (!keep) {", "if (!keep && cpl > 3) {"),
        mutation("PGE flushes nothing", registers, "(changed & CR4_PGE) != 0 || ", ""),
        mutation("PCIDE flushes nothing", registers, " || (changed & ~value & CR4_PCIDE) != 0", ""),
        mutation("G counts without PGE", "Tlb", "globalEnabled && (word", "(word"));
  }
}
