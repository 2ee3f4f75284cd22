package org.jmmu.hw.vectors;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jmmu.hw.Mutant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every rule of the walk is needed: with any one of them changed, some vector fails. */
class MutationTest {
  private static final String WALKER = "PageWalker";
  private static final String RIGHTS = "AccessRights";
  private static final String MMU = "Mmu";

  private static boolean survives(String className, String from, String to) throws Exception {
    Mutant mutant = Mutant.of(className, from, to);
    return ((BooleanSupplier) mutant.create(VectorsPass.class)).getAsBoolean();
  }

  @Test
  void theMethodItselfChangesNothing() throws Exception {
    assertTrue(survives(WALKER, "walks++;", "walks += 1;"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void isCaught(String what, String className, String from, String to) throws Exception {
    assertFalse(survives(className, from, to), what);
  }

  static Stream<Arguments> isCaught() {
    return Stream.of(walk(), reserved(), bits(), rights(), pkeys(), codes(), addresses())
        .flatMap(group -> group);
  }

  private static Arguments mutation(String what, String className, String from, String to) {
    return Arguments.of(what, className, from, to);
  }

  private static Stream<Arguments> walk() {
    return Stream.of(
        mutation("NX ignored", WALKER, "| (any & NX) | (leaf & PKEY);", "| (leaf & PKEY);"),
        mutation("NX of the leaf ignored", WALKER, "        any |= leaf;\n", ""),
        mutation("NX of the PMD entry ignored", WALKER, "      any |= pmd;\n", ""),
        mutation("NX of the PGD entry ignored", WALKER, "any = pgd | pud", "any = pud"),
        mutation("rights of the leaf ignored", WALKER, "        all &= leaf;\n", ""),
        mutation("rights of the PMD entry ignored", WALKER, "      all &= pmd;\n", ""),
        mutation("rights of the PUD entry ignored", WALKER, "all = pgd & pud", "all = pgd"),
        mutation("1-GiB pages walked through", WALKER, "if ((pud & PS) == 0) {", "{"),
        mutation("2-MiB pages walked through", WALKER, "if ((pmd & PS) == 0) {", "{"),
        mutation("offset in a large page lost", WALKER, "| (vaddr & inLeaf)", ""));
  }

  private static Stream<Arguments> reserved() {
    return Stream.of(
        mutation("address bits", WALKER, "reserved = reservedAddress | ", "reserved = "),
        mutation("PS accepted in a PGD entry", WALKER, "? PS | G : PS", "? PS | G : 0"),
        mutation("G refused in a PGD entry by Intel", WALKER, "? PS | G : PS", "? PS | G : PS | G"),
        mutation("G accepted in a PGD entry by AMD", WALKER, "? PS | G : PS", "? PS : PS"),
        mutation("NX accepted without NXE", WALKER, "(enabled ? 0 : NX)", "0"),
        mutation("NX refused with NXE", WALKER, "(enabled ? 0 : NX)", "NX"),
        mutation("PAT refused in a large leaf", WALKER, " & ~PteBits.PAT_LARGE) != 0", ") != 0"),
        mutation(
            "low address bits accepted in a large leaf",
            WALKER,
            "if ((leaf & inLeaf & ~PteBits.PAT_LARGE) != 0) {",
            "if (leaf == 0) {"),
        mutation("not-present taken for reserved", WALKER, "if ((word & P) != 0) {", "{"),
        mutation(
            "reserved without P",
            WALKER,
            "PageFaultCode.PROTECTION | PageFaultCode.RESERVED",
            "PageFaultCode.RESERVED"),
        mutation(
            "reserved not reported",
            WALKER,
            "PageFaultCode.PROTECTION | PageFaultCode.RESERVED",
            "PageFaultCode.PROTECTION"));
  }

  private static Stream<Arguments> bits() {
    String refused = "if (!rights.allows(page, access)) {";
    return Stream.of(
        mutation("A set on a fault", WALKER, refused, refused + "setBits(vaddr, level, leaf, A);"),
        mutation("D set by a read", WALKER, "access == Access.WRITE ? A | D : A", "A | D"),
        mutation("D never set", WALKER, "access == Access.WRITE ? A | D : A", "A"),
        mutation(
            "D taken for A", WALKER, "access == Access.WRITE ? A | D : A", "access == 1 ? D : A"),
        mutation("A of the PGD entry", WALKER, "LEVEL_PGD, pgdRead, A", "LEVEL_PGD, pgdRead, 0"),
        mutation("A of the PUD entry", WALKER, "LEVEL_PUD, pudRead, A", "LEVEL_PUD, pudRead, 0"),
        mutation("A of the PMD entry", WALKER, "LEVEL_PMD, pmdRead, A", "LEVEL_PMD, pmdRead, 0"),
        mutation("A only when the leaf lacks it", WALKER, "(all & A) == 0 || ", ""));
  }

  private static Stream<Arguments> rights() {
    String levelAllows = "levelAllows && (kind & KIND_NX) == 0";
    return Stream.of(
        mutation(
            "WP ignored",
            RIGHTS,
            "readOnlyCounts = (mode & (MODE_USER | MODE_WP)) != 0",
            "readOnlyCounts = (mode & MODE_USER) != 0"),
        mutation(
            "WP always on",
            RIGHTS,
            "readOnlyCounts = (mode & (MODE_USER | MODE_WP)) != 0",
            "readOnlyCounts = true"),
        mutation(
            "WP for users too",
            RIGHTS,
            "readOnlyCounts = (mode & (MODE_USER | MODE_WP)) != 0",
            "readOnlyCounts = (mode & MODE_WP) != 0"),
        mutation(
            "AC ignored",
            RIGHTS,
            "(mode & (MODE_SMAP | MODE_AC)) == MODE_SMAP",
            "(mode & MODE_SMAP) != 0"),
        mutation("SMAP ignored", RIGHTS, "(mode & (MODE_SMAP | MODE_AC)) == MODE_SMAP", "false"),
        mutation(
            "SMAP does not stop writes",
            RIGHTS,
            "return mayRead(mode, kind) && (",
            "return (mayRead(mode, kind) || (mode & MODE_USER) == 0) && ("),
        mutation(
            "SMEP ignored", RIGHTS, "smepStops = (mode & MODE_SMEP) != 0", "smepStops = false"),
        mutation(
            "SMEP always on", RIGHTS, "smepStops = (mode & MODE_SMEP) != 0", "smepStops = true"),
        mutation(
            "SMEP stops users", RIGHTS, levelAllows, levelAllows + " && !(userPage && smepStops)"),
        mutation(
            "NX for users only",
            RIGHTS,
            levelAllows,
            "levelAllows && ((kind & KIND_NX) == 0 || (mode & MODE_USER) == 0)"),
        mutation(
            "users read supervisor pages",
            RIGHTS,
            "return (mode & MODE_USER) != 0 ? userPage : !(userPage && smapStops)",
            "return (mode & MODE_USER) != 0 || !(userPage && smapStops)"));
  }

  private static Stream<Arguments> pkeys() {
    String read = "denied |= bit(accessDisable, Access.READ, key);";
    String write = "accessDisable || (writeDisable && writeDisableCounts)";
    return Stream.of(
        mutation("by CPL and not by page", RIGHTS, "page >>> US_SHIFT", "mode"),
        mutation("on supervisor pages", RIGHTS, " & page >>> US_SHIFT", ""),
        mutation(
            "on fetches", RIGHTS, read, read + "denied |= bit(accessDisable, Access.FETCH, key);"),
        mutation("AD does not stop reads", RIGHTS, read, ""),
        mutation("AD does not stop writes", RIGHTS, write, "writeDisable && writeDisableCounts"),
        mutation("WD ignored", RIGHTS, write, "accessDisable"),
        mutation("WD without WP", RIGHTS, write, "accessDisable || writeDisable"),
        mutation("without PKE", "ControlRegisters", "(cr4 & CR4_PKE) != 0 ? ", "cr4 != 0 ? "));
  }

  private static Stream<Arguments> codes() {
    return Stream.of(
        mutation("PK not reported", RIGHTS, "? PageFaultCode.PKEY : 0", "? 0 : 0"),
        mutation("U not reported", RIGHTS, "? PageFaultCode.USER : 0", "? 0 : 0"),
        mutation("W not reported", RIGHTS, "user | PageFaultCode.WRITE", "user"),
        mutation(
            "I/D always reported",
            RIGHTS,
            "(mode & (MODE_NXE | MODE_SMEP)) != 0 ? ",
            "mode >= 0 ? "),
        mutation(
            "I/D not with SMEP alone",
            RIGHTS,
            "(mode & (MODE_NXE | MODE_SMEP)) != 0 ? ",
            "(mode & MODE_NXE) != 0 ? "),
        mutation(
            "I/D not with NXE alone",
            RIGHTS,
            "(mode & (MODE_NXE | MODE_SMEP)) != 0 ? ",
            "(mode & MODE_SMEP) != 0 ? "),
        mutation("P not reported", RIGHTS, "| PageFaultCode.PROTECTION", "| 0"));
  }

  private static Stream<Arguments> addresses() {
    return Stream.of(
        mutation("57-bit addresses accepted", "PteBits", "VADDR_BITS = 48", "VADDR_BITS = 57"),
        mutation(
            "first page's walk before the canonical check",
            MMU,
            "      checkCanonical(secondPage);\n",
            ""),
        mutation(
            "CR2 rounded to the page",
            MMU,
            "cr2 = failedVaddr;",
            "cr2 = failedVaddr & PhysMemory.PAGE_MASK;"),
        mutation(
            "pages taken to be contiguous",
            "BytesInPages",
            "first + i : second + i - inFirst;\n      value",
            "first + i : first + i;\n      value"),
        mutation(
            "first page in place of the second",
            MMU,
            "? translate(secondPage, access)",
            "? translate(vaddr & PhysMemory.PAGE_MASK, access)"),
        mutation(
            "low bits of CR3 taken as address",
            "ControlRegisters",
            "cr3 & PteBits.ADDRESS, pcid()",
            "cr3, pcid()"));
  }
}
