package org.jmmu.hunt;

/** Hears how a hunt gets on. Calls may come from several threads. */
public interface HuntListener {
  /** Nobody listens. */
  HuntListener DEAF =
      new HuntListener() {
        @Override
        public void starting(int runs) {}

        @Override
        public void finished(String testName, boolean caught) {}
      };

  /** The runs are about to start. */
  void starting(int runs);

  /** A run is over. */
  void finished(String testName, boolean caught);
}
