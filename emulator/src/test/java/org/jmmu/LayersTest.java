package org.jmmu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jmmu.phys.ImportsUpward;
import org.junit.jupiter.api.Test;

/** The packages import downward only, as the documentation of {@code org.jmmu} says. */
class LayersTest {
  private static final String ROOT = "org.jmmu";
  private static final JavaClasses EMULATOR =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  private final LayerTree layers = LayerTree.parse(written());

  private static String written() {
    Layers layers = Layers.class.getPackage().getAnnotation(Layers.class);
    assertNotNull(layers);
    return layers.value();
  }

  /** The package of a class relative to {@code org.jmmu}; empty for others and for the root. */
  private static String layer(JavaClass type) {
    String name = type.getBaseComponentType().getPackageName();
    return name.startsWith(ROOT + ".") ? name.substring(ROOT.length() + 1) : "";
  }

  private Set<String> violations(JavaClasses classes) {
    return classes.stream()
        .flatMap(type -> type.getDirectDependenciesFromSelf().stream())
        .filter(dependency -> !layer(dependency.getTargetClass()).isEmpty())
        .filter(
            dependency ->
                !layers.allows(
                    layer(dependency.getOriginClass()), layer(dependency.getTargetClass())))
        .map(dependency -> dependency.getDescription())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void packagesImportDownwardOnly() {
    assertEquals(Set.of(), violations(EMULATOR));
  }

  @Test
  void everyPackageHasAPlaceAndEveryPlaceAPackage() {
    Set<String> packages =
        EMULATOR.stream()
            .map(LayersTest::layer)
            .filter(name -> !name.isEmpty())
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(
        List.of(), packages.stream().filter(name -> layers.entryOf(name).isEmpty()).toList());
    Set<String> empty = new TreeSet<>(layers.packages());
    packages.forEach(name -> empty.remove(layers.entryOf(name)));
    assertEquals(Set.of(), empty);
  }

  /** Whatever else the text may come to say. Eras are what picks variants of races. */
  @Test
  void theHardwareTakesNoKernelLockAndOnlyErasImportRaces() {
    assertEquals(
        Set.of("phys", "sched"),
        layers.packages().stream()
            .filter(name -> layers.allows("hw", name) && !name.equals("hw"))
            .collect(Collectors.toSet()));
    for (String name : layers.packages()) {
      assertEquals(name.equals("era"), layers.allows(name, "race.someslug"), name);
    }
    assertFalse(layers.allows("race.someslug", "race.otherslug"));
  }

  @Test
  void anUpwardImportIsFound() {
    Set<String> found = violations(new ClassFileImporter().importClasses(ImportsUpward.class));
    assertFalse(found.isEmpty());
    for (String violation : found) {
      assertTrue(violation.contains("phys.ImportsUpward"), violation);
      assertTrue(violation.contains("lock.RwSem"), violation);
    }
  }

  @Test
  void aPackageMayImportWhatStandsBelowAnyOfItsPlaces() {
    LayerTree tree = LayerTree.parse("race.*\n  a  # comment\n    c\n  b\n    a\n");
    assertTrue(tree.allows("b", "c"));
    assertTrue(tree.allows("race.slug", "c"));
    assertTrue(tree.allows("c", "c"));
    assertFalse(tree.allows("a", "b"));
    assertFalse(tree.allows("c", "a"));
    assertFalse(tree.allows("a", "race.slug"));
    assertFalse(tree.allows("unknown", "a"));
    assertFalse(tree.allows("a", "unknown"));
  }

  @Test
  void aTextThatIsNoTreeIsRefused() {
    for (String text :
        List.of("a\n   b", "a\n    b", "  a", "a\n\tb", "a b", "a\n  b\nb\n  a", "a\n  a")) {
      assertThrows(IllegalArgumentException.class, () -> LayerTree.parse(text), text);
    }
  }
}
