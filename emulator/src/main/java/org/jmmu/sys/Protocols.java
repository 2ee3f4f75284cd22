package org.jmmu.sys;

import java.util.HashMap;
import java.util.Map;

/** What a machine's kernel does at each seam: one protocol per interface that a race varies. */
public final class Protocols {
  static final Protocols NONE = new Protocols(Map.of());

  private final Map<Class<?>, Object> bySeam;
  private final int hash; // a stress test asks the pool for a machine per sample

  private Protocols(Map<Class<?>, Object> bySeam) {
    this.bySeam = bySeam;
    this.hash = bySeam.hashCode();
  }

  /**
   * @throws IllegalArgumentException if nothing was chosen
   */
  public <T> T get(Class<T> seam) {
    Object protocol = bySeam.get(seam);
    if (protocol == null) {
      throw new IllegalArgumentException("no protocol for " + seam.getSimpleName());
    }
    return seam.cast(protocol);
  }

  <T> Protocols with(Class<T> seam, T protocol) {
    if (protocol.equals(bySeam.get(seam))) {
      return this;
    }
    Map<Class<?>, Object> changed = new HashMap<>(bySeam);
    changed.put(seam, protocol);
    return new Protocols(Map.copyOf(changed));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Protocols protocols
        && hash == protocols.hash
        && bySeam.equals(protocols.bySeam);
  }

  @Override
  public int hashCode() {
    return hash;
  }

  @Override
  public String toString() {
    return bySeam.values().toString();
  }
}
