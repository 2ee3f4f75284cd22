package org.jmmu.hw;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Constructor;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/**
 * The package {@code org.jmmu.hw} with one change in its source, compiled in memory and loaded
 * beside the real one.
 */
public final class Mutant extends ClassLoader {
  private static final String PACKAGE = "org.jmmu.hw.";
  private static final Path SOURCES = Path.of("src/main/java/org/jmmu/hw");

  private final Map<String, byte[]> changed;

  private Mutant(Map<String, byte[]> changed) {
    super(Mutant.class.getClassLoader());
    this.changed = changed;
  }

  /**
   * Changes {@code from}, which must occur exactly once in the class's source, into {@code to}.
   * Tests run in the directory of their module, where the sources are.
   */
  public static Mutant of(String className, String from, String to) throws IOException {
    String source = Files.readString(SOURCES.resolve(className + ".java"));
    int occurrences = source.split(Pattern.quote(from), -1).length - 1;
    assertEquals(1, occurrences, "occurrences of the text to change, '" + from + "'");
    return new Mutant(compile(className, source.replace(from, to)));
  }

  private static Map<String, byte[]> compile(String className, String source) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    URI uri = URI.create("string:///" + className + ".java");
    JavaFileObject unit =
        new SimpleJavaFileObject(uri, JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return source;
          }
        };
    Map<String, ByteArrayOutputStream> output = new HashMap<>();
    try (JavaFileManager files = new InMemory(compiler, output)) {
      List<String> options =
          List.of("-proc:none", "-nowarn", "-cp", System.getProperty("java.class.path", ""));
      assertTrue(
          compiler.getTask(null, files, null, options, null, List.of(unit)).call(), "compiles");
    }
    Map<String, byte[]> classes = new HashMap<>();
    output.forEach((name, bytes) -> classes.put(name, bytes.toByteArray()));
    return classes;
  }

  /** An instance of a class of {@code org.jmmu.hw} or below, loaded with the change. */
  public Object create(Class<?> type) throws ReflectiveOperationException {
    Constructor<?> constructor = loadClass(type.getName()).getDeclaredConstructor();
    constructor.setAccessible(true);
    return constructor.newInstance();
  }

  /** The whole package is loaded afresh, so that its classes share what is package-private. */
  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      if (loaded == null && name.startsWith(PACKAGE)) {
        byte[] bytes = changed.getOrDefault(name, original(name));
        loaded = defineClass(name, bytes, 0, bytes.length);
      }
      return loaded != null ? loaded : super.loadClass(name, resolve);
    }
  }

  private byte[] original(String name) throws ClassNotFoundException {
    try (@Nullable InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
      if (in == null) {
        throw new ClassNotFoundException(name);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new ClassNotFoundException(name, e);
    }
  }

  private static final class InMemory extends ForwardingJavaFileManager<JavaFileManager> {
    private final Map<String, ByteArrayOutputStream> output;

    InMemory(JavaCompiler compiler, Map<String, ByteArrayOutputStream> output) {
      super(compiler.getStandardFileManager(null, null, null));
      this.output = output;
    }

    @Override
    public JavaFileObject getJavaFileForOutput(
        Location location,
        String className,
        JavaFileObject.Kind kind,
        @Nullable FileObject sibling) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      output.put(className, bytes);
      return new SimpleJavaFileObject(URI.create("memory:///" + className), kind) {
        @Override
        public OutputStream openOutputStream() {
          return bytes;
        }
      };
    }
  }
}
