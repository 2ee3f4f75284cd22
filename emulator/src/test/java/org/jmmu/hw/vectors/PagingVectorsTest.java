package org.jmmu.hw.vectors;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jmmu.hw.CpuModel.Vendor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The CPU against all public vectors, by the rules of either vendor. */
class PagingVectorsTest {
  private static final String VECTORS = "paging-public.csv.gz";
  private static final int ROWS = 19_998;
  private static final int MISMATCHES_SHOWN = 10;

  static InputStream stream() {
    return Objects.requireNonNull(PagingVectorsTest.class.getResourceAsStream(VECTORS));
  }

  @ParameterizedTest
  @EnumSource(Vendor.class)
  void everyVectorPasses(Vendor vendor) throws IOException {
    VectorRunner runner = new VectorRunner(vendor);
    List<String> mismatches = new ArrayList<>();
    int rows = 0;
    try (VectorFile file = VectorFile.open(VECTORS, stream())) {
      for (PagingVector vector = file.next(); vector != null; vector = file.next()) {
        rows++;
        String mismatch = runner.run(vector);
        if (mismatch != null && mismatches.size() < MISMATCHES_SHOWN) {
          mismatches.add(vector.id() + ": " + mismatch);
        }
      }
    }
    assertEquals(List.of(), mismatches);
    assertEquals(ROWS, rows);
  }
}
