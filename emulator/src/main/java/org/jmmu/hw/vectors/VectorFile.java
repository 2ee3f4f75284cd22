package org.jmmu.hw.vectors;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Reads a vector file row by row, so that its size does not matter; gzip is recognised by content.
 */
public final class VectorFile implements Closeable {
  static final String HEADER =
      "id,grp,leaf,kind,size,va,cpl,ctl,cr3lo,pkru,entries,vec,err,cr2,adxor,adopt,pa,eng";

  private static final int GZIP_MAGIC = 0x1f8b;

  private final String name;
  private final CountingStream stored;
  private final BufferedReader lines;
  private long line;

  private VectorFile(String name, InputStream in) throws IOException {
    this.name = name;
    stored = new CountingStream(in);
    lines = new BufferedReader(new InputStreamReader(unpacked(stored), StandardCharsets.US_ASCII));
    if (!HEADER.equals(nextLine())) {
      throw malformed("the header " + HEADER);
    }
  }

  /**
   * Opens a file and reads its header.
   *
   * @throws MalformedVectorException if the first line is not the header
   */
  public static VectorFile open(Path path) throws IOException {
    return open(path.toString(), Files.newInputStream(path));
  }

  /** Reads from a stream, which is closed with this file; {@code name} is for messages. */
  public static VectorFile open(String name, InputStream in) throws IOException {
    try {
      return new VectorFile(name, in);
    } catch (IOException e) {
      in.close();
      throw e;
    }
  }

  private static InputStream unpacked(InputStream in) throws IOException {
    BufferedInputStream buffered = new BufferedInputStream(in);
    buffered.mark(2);
    int magic = buffered.read() << Byte.SIZE | buffered.read();
    buffered.reset();
    return magic == GZIP_MAGIC ? new GZIPInputStream(buffered) : buffered;
  }

  /**
   * The next row, or null at the end of the file.
   *
   * @throws MalformedVectorException if the line is no vector
   */
  public @Nullable PagingVector next() throws IOException {
    String text = nextLine();
    if (text == null) {
      return null;
    }
    try {
      return VectorParser.parse(text);
    } catch (VectorParser.Expected e) {
      throw malformed(e.what());
    }
  }

  private @Nullable String nextLine() throws IOException {
    line++;
    return lines.readLine();
  }

  private MalformedVectorException malformed(String expected) {
    return new MalformedVectorException(name, line, expected);
  }

  /** Bytes of the stored file read so far, for a progress display. */
  public long position() {
    return stored.count;
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }

  private static final class CountingStream extends FilterInputStream {
    long count;

    CountingStream(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      int b = super.read();
      count += b < 0 ? 0 : 1;
      return b;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      int read = super.read(buffer, offset, length);
      count += Math.max(read, 0);
      return read;
    }
  }
}
