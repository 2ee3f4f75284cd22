package org.jmmu.soak;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.util.List;
import java.util.SplittableRandom;
import org.jmmu.hw.Cpu;
import org.jmmu.mm.ExecImage;
import org.jmmu.sys.Process;
import org.jmmu.types.ErrnoException;

/**
 * Gives a child new programs, whose stacks other threads migrate while execve moves them, and reads
 * the arguments.
 */
final class ExecCalls implements Program {
  private static final int MOST_PAGES = 4;
  private static final int MOST_SHIFT = 1024; // pages: two page tables

  /** A move within one page table: so short that it can fall between two looks of a walk. */
  private static final int SHORT_SHIFT = 16;

  private static final int MOST_SPINS = 100; // before the move

  private final IsolatedPages isolated;
  private final SplittableRandom random;
  private final Process parent;
  private final Cpu cpu;

  /**
   * @param isolated for pages that another thread is to migrate
   */
  ExecCalls(SplittableRandom random, IsolatedPages isolated, Process parent, Cpu cpu) {
    this.isolated = isolated;
    this.random = random;
    this.parent = parent;
    this.cpu = cpu;
  }

  @Override
  public void enter() {
    isolated.open();
    parent.leave(cpu);
  }

  @Override
  public boolean next() {
    SplittableRandom draws = random.split(); // how far this comes does not show in later ones
    int pages = draws.nextBoolean() ? 1 : 1 + draws.nextInt(MOST_PAGES);
    char content = (char) (1 + draws.nextInt(Byte.MAX_VALUE));
    long shift = (1 + draws.nextInt(draws.nextBoolean() ? SHORT_SHIFT : MOST_SHIFT)) * PAGE_SIZE;
    String argument = String.valueOf(content).repeat((int) (pages * PAGE_SIZE) - Long.BYTES - 1);
    ExecImage image = new ExecImage(List.of(), List.of(argument), ExecImage.STACK_TOP - shift);
    Process child;
    try {
      child = parent.fork();
    } catch (ErrnoException e) {
      return false; // no memory
    }
    int spins = draws.nextInt(MOST_SPINS);
    StackWatch.watch(pfns -> isolated.offer(pfns, spins));
    try {
      child.execve(image);
      look(child.runOn(cpu), child.mm().startStack, pages, content);
      return true;
    } catch (ErrnoException e) {
      return false;
    } finally {
      StackWatch.watch(null);
      child.leave(cpu);
      child.exit();
    }
  }

  @Override
  public void rest() {
    isolated.close();
  }

  @Override
  public void end() {
    parent.leave(cpu);
  }

  private static void look(Cpu cpu, long start, int pages, char content) {
    for (int page = 0; page < pages; page++) {
      long vaddr = start + page * PAGE_SIZE;
      byte found = cpu.loadByte(vaddr);
      if (found != content) {
        throw new IllegalStateException(
            "0x%x: found 0x%x, the argument is 0x%x".formatted(vaddr, found, (int) content));
      }
    }
  }
}
