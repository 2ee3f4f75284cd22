package org.jmmu.differential;

import static org.jmmu.phys.PhysMemory.PAGE_MASK;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.util.StringJoiner;
import org.jmmu.mm.Mman;

/** Arguments of calls for people: pages of the window instead of addresses, names of flags. */
final class ArgumentText {
  private record Flag(long bit, String name) {}

  private static final Flag[] PROT = {
    new Flag(Mman.PROT_READ, "READ"),
    new Flag(Mman.PROT_WRITE, "WRITE"),
    new Flag(Mman.PROT_EXEC, "EXEC"),
    new Flag(Mman.PROT_SEM, "SEM"),
    new Flag(Mman.PROT_GROWSDOWN, "GROWSDOWN"),
    new Flag(Mman.PROT_GROWSUP, "GROWSUP"),
  };

  private static final Flag[] MAP = {
    new Flag(Mman.MAP_SHARED, "SHARED"),
    new Flag(Mman.MAP_PRIVATE, "PRIVATE"),
    new Flag(Mman.MAP_FIXED, "FIXED"),
    new Flag(Mman.MAP_ANONYMOUS, "ANONYMOUS"),
    new Flag(Mman.MAP_32BIT, "32BIT"),
    new Flag(Mman.MAP_GROWSDOWN, "GROWSDOWN"),
    new Flag(Mman.MAP_LOCKED, "LOCKED"),
    new Flag(Mman.MAP_NORESERVE, "NORESERVE"),
    new Flag(Mman.MAP_POPULATE, "POPULATE"),
    new Flag(Mman.MAP_NONBLOCK, "NONBLOCK"),
    new Flag(Mman.MAP_STACK, "STACK"),
    new Flag(Mman.MAP_SYNC, "SYNC"),
    new Flag(Mman.MAP_FIXED_NOREPLACE, "FIXED_NOREPLACE"),
  };

  private static final Flag[] MREMAP = {
    new Flag(Mman.MREMAP_MAYMOVE, "MAYMOVE"),
    new Flag(Mman.MREMAP_FIXED, "FIXED"),
    new Flag(Mman.MREMAP_DONTUNMAP, "DONTUNMAP"),
  };

  private ArgumentText() {}

  static String of(Op.Argument kind, long value) {
    return switch (kind) {
      case ADDRESS -> address(value);
      case LENGTH -> length(value);
      case PROT -> flags(PROT, value);
      case MAP -> flags(MAP, value);
      case MREMAP -> flags(MREMAP, value);
      case FILE, NUMBER -> Long.toString(value);
      case HEX -> hex(value);
    };
  }

  /** {@code +0x10} is page 0x10 of the window. */
  private static String address(long vaddr) {
    long inWindow = vaddr - Window.START;
    if (inWindow < 0 || vaddr > Window.END) {
      return hex(vaddr);
    }
    long inPage = inWindow & ~PAGE_MASK;
    String page = "+" + hex(inWindow / PAGE_SIZE);
    return inPage == 0 ? page : page + ":" + hex(inPage);
  }

  private static String length(long bytes) {
    boolean isPages = bytes > 0 && bytes <= Window.END - Window.START && bytes % PAGE_SIZE == 0;
    return isPages ? hex(bytes / PAGE_SIZE) + " pages" : hex(bytes) + " bytes";
  }

  private static String flags(Flag[] names, long value) {
    StringJoiner text = new StringJoiner("|");
    text.setEmptyValue("0");
    long rest = value;
    for (Flag flag : names) {
      if ((value & flag.bit()) != 0) {
        text.add(flag.name());
        rest &= ~flag.bit();
      }
    }
    if (rest != 0) {
      text.add(hex(rest));
    }
    return text.toString();
  }

  private static String hex(long value) {
    return "0x" + Long.toHexString(value);
  }
}
