package org.jmmu.hw.vectors;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * Reads a vector file row by row, so that its size does not matter; gzip is recognised by content.
 */
public final class VectorFile implements Closeable {
  static final String HEADER =
      "id,grp,leaf,kind,size,va,cpl,ctl,cr3lo,pkru,entries,vec,err,cr2,adxor,adopt,pa,eng";

  private static final int GZIP_MAGIC = 0x1f8b;
  private static final int UNPACK_BYTES = 1 << 16;
  private static final int FIRST_ROW = 2;
  private static final String END = "the end of the file";

  private final String name;
  private final CountingStream stored;
  private final LineReader lines;
  private long line = 1;

  private VectorFile(String name, InputStream in) throws IOException {
    this.name = name;
    stored = new CountingStream(in);
    try {
      lines = new LineReader(unpacked(stored));
    } catch (EOFException | ZipException e) {
      throw damaged(e);
    }
    String header = readLine();
    if (!HEADER.equals(header)) {
      throw malformed("the header " + HEADER, header == null ? END : Quote.of(header));
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
    return magic == GZIP_MAGIC ? new GZIPInputStream(buffered, UNPACK_BYTES) : buffered;
  }

  /**
   * The next row, or null at the end of the file.
   *
   * @throws MalformedVectorException if the line is no vector, or if the file ends without any
   */
  public @Nullable PagingVector next() throws IOException {
    line++;
    String text = readLine();
    if (text == null) {
      if (line == FIRST_ROW) {
        // To pass because there was nothing to fail would hide a broken download.
        throw malformed("a vector", END);
      }
      return null;
    }
    try {
      return VectorParser.parse(text);
    } catch (VectorParser.Expected e) {
      throw malformed(e.what(), e.found());
    }
  }

  private @Nullable String readLine() throws IOException {
    try {
      return lines.next();
    } catch (EOFException | ZipException e) {
      throw damaged(e);
    }
  }

  private MalformedVectorException damaged(IOException e) {
    MalformedVectorException malformed =
        e instanceof EOFException
            ? malformed("more gzip data", END)
            : malformed("intact gzip data", String.valueOf(e.getMessage()));
    malformed.initCause(e);
    return malformed;
  }

  private MalformedVectorException malformed(String expected, String found) {
    return new MalformedVectorException(name, line, expected, found);
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
