package org.jmmu.differential;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.opentest4j.TestAbortedException;

/** Runs sequences on the host's kernel, in processes of peer.c. */
final class HostSide implements Side, AutoCloseable {
  private static final List<String> SOURCES =
      List.of("peer.c", "calls.h", "observe.h", "access.h", "peer.h");
  private static final int MAX_ARGUMENTS = 6;
  private static final int CALL_BYTES = 2 * Integer.BYTES + MAX_ARGUMENTS * Long.BYTES;
  private static final int RESULT_BYTES = 2 * Integer.BYTES + 2 * Long.BYTES;
  private static final int REQUEST_BYTES = 3 * Integer.BYTES;

  private final Process peer;
  private final OutputStream requests;
  private final InputStream answers;
  private final int observations;
  private HugePool pool = HugePool.EMPTY;

  private HostSide(Process peer, int observations) {
    this.peer = peer;
    this.observations = observations;
    requests = peer.getOutputStream();
    answers = new BufferedInputStream(peer.getInputStream());
  }

  /**
   * Compiles and starts the peer.
   *
   * @throws TestAbortedException if this host cannot be compared with
   */
  static HostSide start(Path directory, Set<Observation> observations)
      throws IOException, InterruptedException {
    String system = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    if (!system.equals("Linux amd64")) {
      throw new TestAbortedException("the host is not Linux on x86-64, but " + system);
    }
    String release = System.getProperty("os.version");
    if (!release.startsWith("6.18")) {
      throw new TestAbortedException("the host's kernel is not Linux 6.18, but " + release);
    }
    Path program = compile(directory);
    Process process =
        new ProcessBuilder(program.toString(), directory.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    HostSide side = new HostSide(process, Observation.bits(observations));
    String trouble = side.readText();
    if (!trouble.isEmpty()) {
      side.close();
      throw new TestAbortedException("the host's kernel cannot be compared with: " + trouble);
    }
    return side;
  }

  /** Whether the host's CPUs have protection keys, and the kernel has turned them on. */
  static boolean hasProtectionKeys() {
    Path cpuinfo = Path.of("/proc/cpuinfo");
    try {
      return Files.exists(cpuinfo) && Files.readString(cpuinfo).contains(" ospke");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path compile(Path directory) throws IOException, InterruptedException {
    for (String source : SOURCES) {
      try (InputStream in = HostSide.class.getResourceAsStream(source)) {
        Files.copy(Objects.requireNonNull(in, source), directory.resolve(source));
      }
    }
    Path source = directory.resolve(SOURCES.getFirst());
    Path program = directory.resolve("peer");
    Process gcc;
    try {
      gcc =
          new ProcessBuilder("gcc", "-O2", "-o", program.toString(), source.toString())
              .inheritIO()
              .start();
    } catch (IOException e) {
      throw new TestAbortedException("no C compiler: " + e.getMessage());
    }
    if (gcc.waitFor() != 0) {
      throw new IllegalStateException("gcc cannot compile peer.c");
    }
    return program;
  }

  @Override
  public Run run(List<Call> calls, int describeAt) {
    try {
      requests.write(request(calls, describeAt));
      requests.flush();
      List<Result> results = readResults();
      pool = new HugePool(readInt(), readInt(), readInt());
      return new Run(results, readText());
    } catch (IOException e) {
      throw new UncheckedIOException("the peer does not answer", e);
    }
  }

  /** What the last sequence found of huge pages when it began. */
  HugePool pool() {
    return pool;
  }

  private byte[] request(List<Call> calls, int describeAt) {
    byte[] bytes = new byte[REQUEST_BYTES + calls.size() * CALL_BYTES];
    ByteBuffer request = littleEndian(bytes);
    request.putInt(calls.size()).putInt(observations).putInt(describeAt);
    for (Call call : calls) {
      request.putInt(call.who()).putInt(call.op().number());
      for (int i = 0; i < MAX_ARGUMENTS; i++) {
        request.putLong(i < call.op().nrArguments() ? call.argument(i) : 0);
      }
    }
    return bytes;
  }

  private List<Result> readResults() throws IOException {
    int nr = readInt();
    ByteBuffer answer = littleEndian(readBytes(nr * RESULT_BYTES));
    List<Result> results = new ArrayList<>(nr);
    for (int i = 0; i < nr; i++) {
      Result.Kind kind = Result.Kind.of(answer.getInt());
      int _ = answer.getInt();
      results.add(new Result(kind, answer.getLong(), answer.getLong()));
    }
    return results;
  }

  private String readText() throws IOException {
    return new String(readBytes(readInt()), StandardCharsets.UTF_8);
  }

  private int readInt() throws IOException {
    return littleEndian(readBytes(Integer.BYTES)).getInt();
  }

  private byte[] readBytes(int nr) throws IOException {
    byte[] bytes = answers.readNBytes(nr);
    if (bytes.length < nr) {
      throw new EOFException("the peer ended");
    }
    return bytes;
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The peer ends when it can read no more; its processes go with it. */
  @Override
  public void close() throws IOException {
    requests.close();
    answers.close();
    peer.destroy();
  }
}
