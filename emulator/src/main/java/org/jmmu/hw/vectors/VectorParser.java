package org.jmmu.hw.vectors;

import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jmmu.hw.PteBits;
import org.jmmu.hw.vectors.PagingVector.Kind;
import org.jmmu.hw.vectors.PagingVector.Outcome;

/** Turns one line into a {@link PagingVector}, or says what it should have been. */
final class VectorParser {
  private static final int COLUMNS = 18;
  private static final int HEX = 16;
  private static final int DECIMAL = 10;
  private static final int FETCH_BYTES = 6;
  private static final int MOST_BYTES = 8;
  private static final int PATHS = 2;
  private static final Pattern AMD = Pattern.compile("A([0-9a-f]+)$");
  private static final Pattern ENGINES = Pattern.compile("[BbQqKk]*(A[0-9a-f]+)?");
  private static final List<String> LEAVES = List.of("", "4K", "2M", "1G");

  /** Thrown with what the text should have been. */
  static final class Expected extends Exception {
    private static final long serialVersionUID = 1L;
    private final String what;
    private final String found;

    Expected(String what, String found) {
      super(what);
      this.what = what;
      this.found = found;
    }

    String what() {
      return what;
    }

    String found() {
      return found;
    }
  }

  private final String[] columns;

  private VectorParser(String[] columns) {
    this.columns = columns;
  }

  static PagingVector parse(String line) throws Expected {
    String[] columns = line.split(",", -1);
    if (columns.length != COLUMNS) {
      throw new Expected(COLUMNS + " columns", columns.length + " columns");
    }
    return new VectorParser(columns).vector();
  }

  private PagingVector vector() throws Expected {
    int[] leafLevels = leafLevels();
    long[][] walks = walks(leafLevels);
    boolean crosses = walks.length == PATHS;
    Kind kind = kind();
    int size = (int) number(4, "size", DECIMAL, 1, MOST_BYTES);
    if (kind == Kind.FETCH && size != FETCH_BYTES) {
      throw expected(4, "size " + FETCH_BYTES + " for a fetch");
    }
    if (kind != Kind.FETCH && Integer.bitCount(size) != 1) {
      throw expected(4, "size 1, 2, 4 or 8");
    }
    // A fetch that crosses has a prefix byte, alone in the first page.
    int bytes = kind == Kind.FETCH && crosses ? size + 1 : size;
    return new PagingVector(
        number(0, "id", DECIMAL, 0, Long.MAX_VALUE),
        kind,
        bytes,
        word(5, "va"),
        cpl() == 3,
        (int) number(7, "ctl", HEX, 0, 0xff),
        (int) number(8, "cr3lo", HEX, 0, 0xfff),
        (int) number(9, "pkru", HEX, 0, 0xffff_ffffL),
        walks,
        leafLevels,
        outcome(walks),
        amdErrorCode());
  }

  private int[] leafLevels() throws Expected {
    String[] names = columns[2].split("\\+", -1);
    int[] levels = new int[names.length];
    for (int i = 0; i < names.length; i++) {
      levels[i] = LEAVES.indexOf(names[i]);
      if (levels[i] <= 0 || names.length > PATHS) {
        throw expected(2, "leaf 4K, 2M, 1G or two of them joined by +");
      }
    }
    return levels;
  }

  private Kind kind() throws Expected {
    return switch (columns[3]) {
      case "R" -> Kind.READ;
      case "W" -> Kind.WRITE;
      case "X" -> Kind.FETCH;
      default -> throw expected(3, "kind R, W or X");
    };
  }

  private int cpl() throws Expected {
    if (!columns[6].equals("0") && !columns[6].equals("3")) {
      throw expected(6, "cpl 0 or 3");
    }
    return Integer.parseInt(columns[6]);
  }

  private long[][] walks(int[] leafLevels) throws Expected {
    long[][] walks = paths(10, "entries");
    if (walks.length != leafLevels.length) {
      throw expected(10, "entries for " + leafLevels.length + " walk(s)");
    }
    for (int walk = 0; walk < walks.length; walk++) {
      int full = PteBits.LEVEL_PGD - leafLevels[walk] + 1;
      int listed = walks[walk].length;
      if (walk == 0 ? listed != full : listed > full) {
        throw expected(10, full + " entries in walk " + (walk + 1));
      }
    }
    return walks;
  }

  private Outcome outcome(long[][] walks) throws Expected {
    int vector = (int) number(11, "vec", DECIMAL, 0, PagingVector.VECTOR_PF);
    if (vector != 0 && vector < PagingVector.VECTOR_GP) {
      throw expected(11, "vec 0, 13 or 14");
    }
    boolean none = vector == PagingVector.VECTOR_NONE;
    boolean pageFault = vector == PagingVector.VECTOR_PF;
    if (columns[12].equals("-") != none) {
      throw expected(12, none ? "err -" : "err, a hexadecimal number");
    }
    if (columns[13].equals("-") == pageFault) {
      throw expected(13, pageFault ? "cr2 = or an address" : "cr2 -");
    }
    return new Outcome(
        vector,
        none ? 0 : (int) number(12, "err", HEX, 0, 0xffff_ffffL),
        !pageFault ? 0 : columns[13].equals("=") ? word(5, "va") : word(13, "cr2"),
        changed(walks),
        columns[15].startsWith("S"),
        paddrs(none, walks.length));
  }

  private long[][] changed(long[][] walks) throws Expected {
    long[][] changed = new long[walks.length][];
    boolean nothing = columns[14].equals("0");
    long[][] listed = nothing ? changed : paths(14, "adxor");
    for (int walk = 0; walk < walks.length; walk++) {
      if (nothing) {
        changed[walk] = new long[walks[walk].length];
      } else if (listed.length == walks.length && listed[walk].length == walks[walk].length) {
        changed[walk] = listed[walk];
      } else {
        throw expected(14, "adxor 0 or in the shape of the entries");
      }
    }
    return changed;
  }

  private long[] paddrs(boolean translated, int pages) throws Expected {
    if (!translated) {
      if (!columns[16].equals("-")) {
        throw expected(16, "pa - with an exception");
      }
      return new long[0];
    }
    String[] parts = columns[16].split("\\+", -1);
    if (parts.length != pages) {
      throw expected(16, pages + " physical address(es)");
    }
    long[] paddrs = new long[parts.length];
    for (int i = 0; i < parts.length; i++) {
      paddrs[i] = word(16, parts[i], "pa");
    }
    return paddrs;
  }

  private OptionalInt amdErrorCode() throws Expected {
    if (!ENGINES.matcher(columns[17]).matches()) {
      throw expected(17, "engines out of B, Q and K, then perhaps A and an error code");
    }
    Matcher matcher = AMD.matcher(columns[17]);
    return matcher.find()
        ? OptionalInt.of(Integer.parseUnsignedInt(matcher.group(1), HEX))
        : OptionalInt.empty();
  }

  private long[][] paths(int column, String name) throws Expected {
    String[] paths = columns[column].split("/", -1);
    long[][] words = new long[paths.length][];
    for (int i = 0; i < paths.length; i++) {
      String[] parts = paths[i].split(":", -1);
      words[i] = new long[parts.length];
      for (int j = 0; j < parts.length; j++) {
        words[i][j] = word(column, parts[j], name);
      }
    }
    return words;
  }

  private long word(int column, String name) throws Expected {
    return word(column, columns[column], name);
  }

  /** 64 bits in hexadecimal. */
  private long word(int column, String text, String name) throws Expected {
    try {
      return Long.parseUnsignedLong(text, HEX);
    } catch (NumberFormatException _) {
      throw expected(column, name + ", 64 bits in hexadecimal");
    }
  }

  private long number(int column, String name, int radix, long least, long most) throws Expected {
    String what =
        "%s, a %s number from %s to %s"
            .formatted(
                name,
                radix == HEX ? "hexadecimal" : "decimal",
                Long.toString(least, radix),
                Long.toString(most, radix));
    try {
      long value = Long.parseLong(columns[column], radix);
      if (value >= least && value <= most) {
        return value;
      }
    } catch (NumberFormatException _) {
      // Said below.
    }
    throw expected(column, what);
  }

  private Expected expected(int column, String what) {
    return new Expected(what, Quote.of(columns[column]));
  }
}
