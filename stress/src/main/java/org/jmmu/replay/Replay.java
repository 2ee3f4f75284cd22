package org.jmmu.replay;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jmmu.hw.Cpu;
import org.jmmu.sys.Machine;
import org.jmmu.sys.MachineConfig;
import org.jmmu.sys.Process;
import org.jmmu.types.VmSysctl;

/** A log, the maps at its start, and those at its end. */
public final class Replay {
  /** 16 GiB, of which only frames that are touched cost anything. */
  private static final int NR_FRAMES = 1 << 22;

  private final String logName;
  private final String startName;
  private final List<TraceEvent> events;
  private final List<MapsLine> start;
  private final List<MapsLine> expected;

  /**
   * @throws BadInputException if a file is not what it should be
   * @throws IOException if one cannot be read
   */
  public Replay(Path log, Path start, Path expected) throws IOException {
    this.logName = log.toString();
    this.events = StraceReader.read(logName, read(log));
    this.startName = start.toString();
    this.start = MapsLine.parseAll(startName, read(start));
    this.expected = MapsLine.parseAll(expected.toString(), read(expected));
  }

  private static List<String> read(Path file) throws IOException {
    try {
      return Files.readAllLines(file);
    } catch (CharacterCodingException e) {
      throw new BadInputException(file.toString(), "not a text file");
    }
  }

  /**
   * @param place whether the emulator chooses addresses where Linux did
   * @throws BadInputException if the log has what cannot be replayed
   */
  public ReplayResult run(boolean place) throws BadInputException {
    ReplayResult result = new ReplayResult(place);
    TraceFiles files = new TraceFiles();
    try (Machine machine = Machine.boot(MachineConfig.small().withFrames(NR_FRAMES))) {
      Process process = machine.spawn();
      // How much memory the host had that the log comes from is not known.
      process.mm().sysctl.overcommitMemory = VmSysctl.OVERCOMMIT_ALWAYS;
      Cpu cpu = process.runOn(machine.cpu(0));
      TouchModel touches = new TouchModel(process, cpu);
      new StartImage(startName, process, files, touches).build(start, startBrk());
      DescriptorCalls descriptors = new DescriptorCalls(process, result, files);
      MemoryCalls memory = new MemoryCalls(process, descriptors, touches, result, place);
      Task first = events.getFirst().task();
      new Replayer(logName, process, first, descriptors, memory, touches, result)
          .replay(events.subList(1, end()));
      result.maps(new MapsDiff(expected, emulated(process)));
    }
    return result;
  }

  private List<MapsLine> emulated(Process process) throws BadInputException {
    boolean gate = start.getLast().isGate();
    List<MapsLine> maps =
        new ArrayList<>(MapsLine.parseAll("the emulator's maps", process.maps().lines().toList()));
    if (!gate) {
      maps.removeLast();
    }
    return maps;
  }

  /** The first brk of a program asks where its heap starts. */
  private long startBrk() {
    Task first = events.getFirst().task();
    for (TraceEvent event : events) {
      if (event instanceof TraceEvent.Call call
          && call.task() == first
          && call.call().name().equals("brk")
          && call.call().succeeded()) {
        return Values.leadingNumber(call.call().result());
      }
    }
    return 0;
  }

  /**
   * Where the end maps were taken: if the last thing that the first process opened for reading is
   * its maps, then there, else at its exit.
   */
  private int end() {
    Task first = events.getFirst().task();
    int opensBehind = 0;
    for (int i = events.size() - 1; i > 0 && opensBehind < 2; i--) {
      if (events.get(i) instanceof TraceEvent.Call call
          && call.task() == first
          && call.call().name().startsWith("open")
          && call.call().succeeded()) {
        if (call.call().result().matches("\\d+</proc/(?:self|\\d+)/maps>")) {
          return i;
        }
        opensBehind++;
      }
    }
    return events.size();
  }
}
