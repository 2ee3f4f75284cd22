package org.jmmu.hw.vectors;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.jmmu.hw.CpuModel.Vendor;

/**
 * Whether all vectors pass, by the rules of both vendors; created in each mutant's class loader.
 */
public final class VectorsPass implements BooleanSupplier {
  @Override
  public boolean getAsBoolean() {
    for (Vendor vendor : Vendor.values()) {
      if (!allPass(new VectorRunner(vendor))) {
        return false;
      }
    }
    return true;
  }

  private static boolean allPass(VectorRunner runner) {
    InputStream in = VectorsPass.class.getResourceAsStream("paging-public.csv.gz");
    try (VectorFile file = VectorFile.open("vectors", Objects.requireNonNull(in))) {
      for (PagingVector vector = file.next(); vector != null; vector = file.next()) {
        if (runner.run(vector) != null) {
          return false;
        }
      }
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
