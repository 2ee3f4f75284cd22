package org.jmmu.hw;

/** The three ways an instruction touches memory; integers, because they index masks. */
public final class Access {
  public static final int READ = 0;
  public static final int WRITE = 1;
  public static final int FETCH = 2;

  private Access() {}
}
