package org.jmmu.bench;

import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import org.jmmu.phys.Mem;
import org.jmmu.rmap.AnonVmas;
import org.junit.jupiter.api.Test;

class PausePointRemoverTest {
  private final PausePointRemover remover = new PausePointRemover();

  @Test
  void callAndArgumentGo() throws IOException {
    byte[] without = remover.remove(classFile(AnonVmas.class.getName()));
    assertTrue(without != null && remover.removed() == 1);
    assertNull(remover.remove(without), "calls are left");
  }

  @Test
  void aClassWithoutPausePointsIsLeftAlone() throws IOException {
    assertNull(remover.remove(classFile(Mem.class.getName())));
  }

  /** A benchmark in classes of its own, as in a JVM that was started with the agent. */
  @Test
  void theEmulatorRunsWithoutPausePoints() throws ReflectiveOperationException {
    ClassLoader loader = new Without(remover);
    Class<?> type = loader.loadClass(AnonFaultBench.class.getName());
    assertNotEquals(AnonFaultBench.class, type);
    Object bench = type.getConstructor().newInstance();
    for (String method : new String[] {"map", "fault", "discard", "check"}) {
      type.getMethod(method).invoke(bench);
    }
    assertTrue(remover.removed() > 1, "few calls removed: " + remover.removed());
  }

  private static byte[] classFile(String name) throws IOException {
    String resource = "/" + name.replace('.', '/') + ".class";
    try (InputStream in = PausePointRemoverTest.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IOException("no class file of " + name);
      }
      return in.readAllBytes();
    }
  }

  private static final class Without extends ClassLoader {
    private final PausePointRemover remover;

    Without(PausePointRemover remover) {
      super(PausePointRemoverTest.class.getClassLoader());
      this.remover = remover;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.startsWith("org.jmmu.")) {
        return super.loadClass(name, resolve);
      }
      synchronized (getClassLoadingLock(name)) {
        Class<?> loaded = findLoadedClass(name);
        return loaded != null ? loaded : findClass(name);
      }
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
      try {
        byte[] original = classFile(name);
        byte[] without = remover.remove(original);
        byte[] used = without == null ? original : without;
        return defineClass(name, used, 0, used.length);
      } catch (IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }
  }
}
