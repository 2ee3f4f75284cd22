package org.jmmu.replay;

import java.io.IOException;

/** A file is not what it should be. The message is one line that says where and why. */
public final class BadInputException extends IOException {
  private static final long serialVersionUID = 1L;

  BadInputException(String file, String what) {
    super(file + ": " + what);
  }

  BadInputException(String file, int line, String what) {
    super(file + ":" + line + ": " + what);
  }
}
