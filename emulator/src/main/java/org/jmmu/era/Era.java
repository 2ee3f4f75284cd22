package org.jmmu.era;

import static java.util.stream.Collectors.joining;

import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jmmu.mm.Fault;
import org.jmmu.race.Race;
import org.jmmu.race.RaceVariant;
import org.jmmu.race.execstack.ExecStackVariant;
import org.jmmu.race.migrationwait.MigrationWaitVariant;
import org.jmmu.race.mpxunmap.MpxUnmapVariant;
import org.jmmu.race.mremappeek.MremapPeekVariant;
import org.jmmu.race.uffdmove.UffdMoveVariant;
import org.jmmu.race.vmaadjust.VmaAdjustVariant;
import org.jmmu.swap.EntryEncoding;
import org.jmmu.sys.MachineConfig;

/**
 * A kernel version, as far as the races tell it from others: applied to a configuration, it picks
 * the protocols that this kernel had, and how it wrote non-present entries of page tables.
 * Everything else stays as in Linux 6.18.
 */
@SuppressWarnings("ImmutableEnumChecker") // variants are enum constants
public enum Era implements UnaryOperator<MachineConfig> {
  /** Before any of the races of 2010 was mended. */
  LINUX_2_6_34(
      "2.6.34",
      Fault.Locking.MMAP_LOCK,
      MpxUnmapVariant.ABSENT,
      MigrationWaitVariant.BUG,
      MremapPeekVariant.PEEK,
      ExecStackVariant.NONE,
      UffdMoveVariant.NO_RECHECK,
      VmaAdjustVariant.NONE),
  /** With what was merged that year; the hole of 0-G is open until 3.7. */
  LINUX_2_6_36(
      "2.6.36",
      Fault.Locking.MMAP_LOCK,
      MpxUnmapVariant.ABSENT,
      MigrationWaitVariant.REF_WAIT,
      MremapPeekVariant.PEEK,
      ExecStackVariant.TEMP_STACK_FLAG,
      UffdMoveVariant.NO_RECHECK,
      VmaAdjustVariant.ROOT_ONLY_SKIP_NEXT),
  /** With interval trees, and the locks of mremap that came with them. */
  LINUX_3_7(
      "3.7",
      Fault.Locking.MMAP_LOCK,
      MpxUnmapVariant.ABSENT,
      MigrationWaitVariant.REF_WAIT,
      MremapPeekVariant.RMAP_LOCKS,
      ExecStackVariant.TEMP_STACK_FLAG,
      UffdMoveVariant.NO_RECHECK,
      VmaAdjustVariant.RWSEM_INTERVAL),
  /** With MPX. */
  LINUX_3_19(
      "3.19",
      Fault.Locking.MMAP_LOCK,
      MpxUnmapVariant.GUP_RETRY,
      MigrationWaitVariant.REF_WAIT,
      MremapPeekVariant.RMAP_LOCKS,
      ExecStackVariant.TEMP_STACK_FLAG,
      UffdMoveVariant.NO_RECHECK,
      VmaAdjustVariant.RWSEM_INTERVAL),
  /** With MPX, as it was before it went. */
  LINUX_5_2(
      "5.2",
      Fault.Locking.MMAP_LOCK,
      MpxUnmapVariant.GUP_EARLY,
      MigrationWaitVariant.PUT_AND_WAIT,
      MremapPeekVariant.RMAP_LOCKS,
      ExecStackVariant.TEMP_STACK_FLAG,
      UffdMoveVariant.NO_RECHECK,
      VmaAdjustVariant.RWSEM_INTERVAL),
  /** What a machine is without an era. */
  LINUX_6_18(
      "6.18",
      Fault.Locking.VMA_LOCK,
      MpxUnmapVariant.ABSENT,
      MigrationWaitVariant.PTL_QUEUE,
      MremapPeekVariant.RMAP_LOCKS,
      ExecStackVariant.TEMP_STACK_FLAG,
      UffdMoveVariant.BOTH,
      VmaAdjustVariant.RWSEM_INTERVAL);

  private final String version;
  private final Fault.Locking faultLocking;

  /**
   * In the order in which they are applied: the variants of some races choose the reverse-map walks
   * along with their own protocol, so those that are about nothing but walks come last.
   */
  private final List<RaceVariant> variants;

  Era(String version, Fault.Locking faultLocking, RaceVariant... variants) {
    this.version = version;
    this.faultLocking = faultLocking;
    this.variants = List.of(variants);
  }

  /**
   * The era of a version such as {@code 2.6.34}.
   *
   * @throws IllegalArgumentException if there is none; the message lists those that there are
   */
  public static Era ofVersion(String version) {
    String wanted = version.toLowerCase(Locale.ROOT);
    return Stream.of(values())
        .filter(era -> era.version.equals(wanted))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "unknown era '%s'; there are: %s"
                        .formatted(
                            version,
                            Stream.of(values()).map(Era::version).collect(joining(", ")))));
  }

  public String version() {
    return version;
  }

  private EntryEncoding encoding() {
    return compareTo(LINUX_3_7) <= 0 ? EntryEncoding.LOW_TYPE : EntryEncoding.INVERTED;
  }

  /** The protocol that this kernel had. */
  public RaceVariant variantOf(Race race) {
    return variants.stream()
        .filter(variant -> race.variants().contains(variant))
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException("era " + version + " knows no " + race.slug()));
  }

  @Override
  public MachineConfig apply(MachineConfig config) {
    MachineConfig result =
        config.withFaultLocking(faultLocking).with(EntryEncoding.class, encoding());
    for (RaceVariant variant : variants) {
      result = variant.applyTo(result);
    }
    return result;
  }
}
