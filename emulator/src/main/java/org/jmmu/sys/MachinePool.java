package org.jmmu.sys;

import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;

/**
 * Machines that were closed and wait for their next use: resetting one costs what it used, a new
 * one costs native memory.
 */
final class MachinePool {
  private static final ConcurrentMap<MachineConfig, Queue<Kernel>> FREE = new ConcurrentHashMap<>();

  private MachinePool() {}

  static Kernel take(MachineConfig config) {
    Queue<Kernel> free = FREE.get(config);
    Kernel kernel = free == null ? null : free.poll();
    return kernel == null ? new Kernel(config) : kernel;
  }

  static void giveBack(Kernel kernel) {
    kernel.stopThreads();
    if (kernel.hasStuckLock()) {
      return;
    }
    kernel.reset();
    FREE.computeIfAbsent(kernel.config, config -> new ConcurrentLinkedQueue<>()).add(kernel);
  }
}
