package org.jmmu.filemap;

import org.jmmu.phys.Slot;
import org.jmmu.types.AddressSpace;
import org.jspecify.annotations.Nullable;

/** What the {@code mapping} word of a file page names. */
public final class MappingSlot extends Slot {
  private volatile @Nullable AddressSpace mapping; // written by the owner of the slot

  public MappingSlot(int slot) {
    super(slot);
  }

  /** The file; its last one, if the slot is free. */
  public @Nullable AddressSpace mappingGetVolatile() {
    return mapping;
  }

  void mappingSetVolatile(AddressSpace owner) {
    mapping = owner;
  }
}
