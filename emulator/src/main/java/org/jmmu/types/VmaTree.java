package org.jmmu.types;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The VMAs of one address space in address order: a B+-tree whose leaves are immutable. A change
 * builds a new leaf, and new nodes above it as far as keys change, and publishes them with one
 * store; readers need no lock.
 *
 * <p>The tree goes by the range that a VMA had when it was last looked at, its recorded range. Who
 * moves a boundary in place, however many steps that takes, calls {@link #rangeChanged} behind it;
 * meanwhile the VMA, which may overlap its neighbour, is found under the old range.
 *
 * <pre>
 *   writer, mmap_lock(W)    reader, mmap_lock(R)            reader without mmap_lock
 *   ----------------------  ------------------------------  ------------------------------------
 *   every method            every method but the changes    find, findPrev, size. A lookup sees a
 *                                                           leaf that was current during the
 *                                                           call; the VMA's range is to be
 *                                                           checked under the VMA's own lock
 * </pre>
 *
 * @kernel include/linux/mm_types.h:mm_struct.mm_mt
 */
public final class VmaTree {
  /** Returned by the searches for a gap if there is none. */
  public static final long NO_GAP = VmaGaps.NONE;

  private static final VarHandle ROOT =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "root", VarHandle.class, VmaTree.class, VmaNode.class);
  private static final VarHandle SIZE =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "size", VarHandle.class, VmaTree.class, int.class);

  private VmaNode root = VmaNode.EMPTY;
  private int size;

  public int size() {
    return (int) SIZE.getOpaque(this);
  }

  /** The VMAs in address order. The caller holds mmap_lock. Costs a visit of all of them. */
  public Vma[] snapshot() {
    Vma[] vmas = new Vma[size()];
    int copied = collect(rootGetAcquire(), vmas, 0);
    assert copied == vmas.length;
    return vmas;
  }

  /**
   * The first VMA that ends above {@code vaddr}: it covers it or lies behind it.
   *
   * @kernel mm/mmap.c:find_vma
   */
  public @Nullable Vma find(long vaddr) {
    Object slot = rootGetAcquire();
    while (slot instanceof VmaNode node) {
      int at = node.firstEndingAbove(vaddr);
      if (at == node.size()) {
        return null;
      }
      slot = node.slotGetAcquire(at);
    }
    return (Vma) slot;
  }

  /** The last VMA that ends at or below {@code vaddr}. */
  public @Nullable Vma findPrev(long vaddr) {
    Object slot = rootGetAcquire();
    Object below = null; // what lies next to the path, on its lower side
    while (slot instanceof VmaNode node) {
      int at = node.firstEndingAbove(vaddr);
      if (at > 0) {
        below = node.slotGetAcquire(at - 1);
      }
      if (at == node.size()) {
        break;
      }
      slot = node.slotGetAcquire(at);
    }
    while (below instanceof VmaNode node) {
      below = node.slotGetAcquire(node.size() - 1);
    }
    return (Vma) below;
  }

  /**
   * The VMA behind {@code vma}, which is in the tree or was until just now: a loop may remove the
   * VMA it stands on. The caller holds mmap_lock.
   */
  public @Nullable Vma next(Vma vma) {
    return find(vma.recordedEnd());
  }

  /** The VMA before {@code vma}, as {@link #next}. */
  public @Nullable Vma prev(Vma vma) {
    return findPrev(vma.recordedEnd() - 1);
  }

  /**
   * The highest start of a free range of {@code length} bytes within [{@code low}, {@code high});
   * {@link #NO_GAP} if there is none. The caller holds mmap_lock.
   *
   * @kernel lib/maple_tree.c:mas_empty_area_rev
   */
  public long highestGap(long low, long high, long length) {
    return VmaGaps.highest(rootGetAcquire(), low, high, length);
  }

  /**
   * The lowest start of such a range.
   *
   * @kernel lib/maple_tree.c:mas_empty_area
   */
  public long lowestGap(long low, long high, long length) {
    return VmaGaps.lowest(rootGetAcquire(), low, high, length);
  }

  /**
   * Adds a VMA that overlaps no other. If it takes over a part of one that was adjusted for that,
   * both appear in the same version. The caller holds mmap_lock(W).
   */
  public void insert(Vma vma) {
    vma.markAttached();
    VmaNode old = root;
    if (old.isFull()) {
      old = VmaNode.parentOf(lowerHalf(old), upperHalf(old));
    }
    rootSetRelease(inserted(old, vma));
    SIZE.setOpaque(this, size + 1);
  }

  /**
   * Takes a VMA out. If the one before it was adjusted to take its place, that appears in the same
   * version, unless the two are in different leaves. The caller holds mmap_lock(W).
   */
  public void remove(Vma vma) {
    VmaNode shrunk = removed(root, vma);
    rootSetRelease(shrunk.size() == 1 && !shrunk.isLeaf() ? shrunk.child(0) : shrunk);
    SIZE.setOpaque(this, size - 1);
    vma.markDetached();
  }

  /**
   * Takes note of the range of a VMA whose boundaries may have moved, but not past a neighbour's.
   * The caller holds mmap_lock(W).
   */
  public void rangeChanged(Vma vma) {
    if (!vma.isRecordedRange()) {
      rootSetRelease(refreshed(root, vma));
    }
  }

  /** Nodes on the way down are split as soon as they are full: {@code node} has room. */
  private static VmaNode inserted(VmaNode node, Vma vma) {
    int at = node.firstEndingAbove(vma.vmStartGetOpaque());
    if (!node.isLeaf()) {
      at = Math.min(at, node.size() - 1);
      VmaNode child = node.child(at);
      if (child.isFull()) {
        VmaNode wider =
            node.copyWithRoom(at).set(at, lowerHalf(child)).set(at + 1, upperHalf(child)).seal();
        return inserted(wider, vma);
      }
      return node.with(at, inserted(child, vma));
    }
    if (at == node.size() || node.vma(at).isRecordedRange()) {
      return node.copyWithRoom(at).set(at, vma).seal();
    }
    // The one that stands here has given way, on one side or the other.
    Vma other = node.vma(at);
    boolean below = vma.vmStartGetOpaque() < other.vmStartGetOpaque();
    return node.copyWithRoom(at)
        .set(at, below ? vma : other)
        .set(at + 1, below ? other : vma)
        .seal();
  }

  private static VmaNode removed(VmaNode node, Vma vma) {
    int at = slotOf(node, vma);
    if (node.isLeaf()) {
      VmaNode rest = node.copyWithout(at);
      return (at > 0 ? rest.set(at - 1, node.vma(at - 1)) : rest).seal();
    }
    VmaNode child = removed(node.child(at), vma);
    if (child.size() >= VmaNode.FEW_SLOTS) {
      return node.with(at, child);
    }
    return at > 0
        ? joined(node, at - 1, node.child(at - 1), child)
        : joined(node, 0, child, node.child(1));
  }

  /**
   * Like {@code node}, its children {@code low} and {@code high}, from slot {@code at} on, in one
   * or evened.
   */
  private static VmaNode joined(VmaNode node, int at, VmaNode low, VmaNode high) {
    int slots = low.size() + high.size();
    if (slots < VmaNode.SLOTS) {
      return node.copyWithout(at + 1).set(at, VmaNode.range(low, high, 0, slots)).seal();
    }
    return node.copy()
        .set(at, VmaNode.range(low, high, 0, slots / 2))
        .set(at + 1, VmaNode.range(low, high, slots / 2, slots))
        .seal();
  }

  private static VmaNode refreshed(VmaNode node, Vma vma) {
    int at = slotOf(node, vma);
    return node.isLeaf()
        ? node.copy().set(at, vma).seal()
        : node.with(at, refreshed(node.child(at), vma));
  }

  private static VmaNode lowerHalf(VmaNode node) {
    return VmaNode.range(node, VmaNode.EMPTY, 0, node.size() / 2);
  }

  private static VmaNode upperHalf(VmaNode node) {
    return VmaNode.range(node, VmaNode.EMPTY, node.size() / 2, node.size());
  }

  /** The slot on the way to {@code vma}. */
  private static int slotOf(VmaNode node, Vma vma) {
    int at = node.firstEndingAbove(vma.recordedEnd() - 1);
    if (at == node.size() || (node.isLeaf() && node.vma(at) != vma)) {
      throw new IllegalArgumentException("not in this address space: " + vma);
    }
    return at;
  }

  private static int collect(VmaNode node, Vma[] vmas, int from) {
    int at = from;
    for (int i = 0; i < node.size(); i++) {
      if (node.isLeaf()) {
        vmas[at++] = node.vma(i);
      } else {
        at = collect(node.child(i), vmas, at);
      }
    }
    return at;
  }

  private VmaNode rootGetAcquire() {
    return (VmaNode) ROOT.getAcquire(this);
  }

  private void rootSetRelease(VmaNode version) {
    ROOT.setRelease(this, version);
  }
}
