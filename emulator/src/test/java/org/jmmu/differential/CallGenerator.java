package org.jmmu.differential;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Makes the sequence of a seed; what it is mostly made of differs between seeds. */
final class CallGenerator {
  private static final int FORKS_ONE_IN = 10;
  private static final int HUGE_FORKS_ONE_IN = 2;

  /** Draws a call for a process. */
  interface Source {
    Call next(int who);
  }

  private final SplittableRandom random;
  private final int nrCalls;
  private final Zone zone;
  private final GeneratedProcesses processes;
  private final List<Source> sources = new ArrayList<>(); // as often as is its share
  private @Nullable HugeCalls hugeCalls; // if the sequence is about huge pages
  private final int accessPercent;
  private final int readPercent;

  CallGenerator(long seed, Set<Feature> features, int nrCalls) {
    random = new SplittableRandom(seed);
    this.nrCalls = nrCalls;
    boolean huge = features.contains(Feature.HUGE_PAGES);
    boolean forks =
        features.contains(Feature.FORK) && seed % (huge ? HUGE_FORKS_ONE_IN : FORKS_ONE_IN) == 0;
    processes = new GeneratedProcesses(random, forks);
    zone = new Zone(random, features.contains(Feature.ODD_ARGUMENTS));
    accessPercent = 10 + random.nextInt(50);
    readPercent = 20 + random.nextInt(40);
    if (huge) {
      hugeCalls = new HugeCalls(random, zone);
      hugeCalls.addSources(sources, forks);
    } else {
      addSources(features);
    }
  }

  private void addSources(Set<Feature> features) {
    MappingCalls mappings = new MappingCalls(random, zone, features);
    MemoryCalls memory = new MemoryCalls(random, zone, features);
    FileCalls files = new FileCalls(random, features);
    add(4, mappings::mmap);
    add(2, mappings::munmap);
    add(features.contains(Feature.MPROTECT) ? 4 : 0, mappings::mprotect);
    add(features.contains(Feature.MREMAP) ? 3 : 0, mappings::mremap);
    add(memory.hasAdvice() ? 3 : 0, memory::madvise);
    add(features.contains(Feature.MLOCK) ? 1 : 0, memory::mlock);
    boolean locksAll = features.contains(Feature.MLOCKALL) && random.nextInt(6) == 0;
    add(locksAll ? 1 : 0, memory::mlockall);
    add(features.contains(Feature.MSYNC) ? 1 : 0, memory::msync);
    add(features.contains(Feature.MINCORE) ? 1 : 0, memory::mincore);
    add(features.contains(Feature.FILES) ? 3 : 0, files::next);
  }

  /** With a share that is sometimes larger than usual. */
  private void add(int share, Source source) {
    int drawn = random.nextInt(4) == 0 ? 3 * share : share;
    for (int i = 0; i < drawn; i++) {
      sources.add(source);
    }
  }

  List<Call> generate() {
    List<Call> calls = new ArrayList<>(nrCalls);
    while (calls.size() < nrCalls - EmulatorProcesses.MAX) {
      Call call = processes.forkOrKill();
      calls.add(call != null ? call : next(processes.pick()));
    }
    for (int who = 0; who < EmulatorProcesses.MAX; who++) {
      calls.add(new Call(who, Op.CHECK));
    }
    return calls;
  }

  private Call next(int who) {
    return random.nextInt(100) < accessPercent
        ? access(who)
        : sources.get(random.nextInt(sources.size())).next(who);
  }

  private Call access(int who) {
    long vaddr = hugeCalls != null ? hugeCalls.accessAddress() : zone.accessAddress();
    return random.nextInt(100) < readPercent
        ? new Call(who, Op.READ, vaddr)
        : new Call(who, Op.WRITE, vaddr, 1 + random.nextInt(0xffff));
  }
}
