package org.jmmu.sched;

import java.util.ArrayList;
import java.util.List;

/**
 * Lets a thread go on until it stops by itself, except where a list of choices says otherwise, and
 * collects the choices that could have been made behind the last of the list: so every schedule has
 * exactly one list, and is run once.
 *
 * <p>The number of preemptions is what is bounded (Musuvathi and Qadeer, Iterative context bounding
 * for systematic testing of multithreaded programs, PLDI 2007): few are enough for most bugs.
 */
final class BoundedPreemptions implements Strategy {
  private final Choices choices;
  private final List<Choices> preempting = new ArrayList<>();
  private final List<Choices> free = new ArrayList<>();
  private int decision;
  private int nextChoice;
  private boolean redundant;

  /**
   * @param decision number of the decision in the run, from 0
   * @param thread number of the thread that goes on
   */
  record Choice(int decision, int thread) {}

  /** The choices of a run, in the order in which they are made. */
  record Choices(List<Choice> all, int preemptions) {
    static final Choices NONE = new Choices(List.of(), 0);

    Choices and(int decision, int thread, int cost) {
      List<Choice> more = new ArrayList<>(all);
      more.add(new Choice(decision, thread));
      return new Choices(List.copyOf(more), preemptions + cost);
    }
  }

  BoundedPreemptions(Choices choices) {
    this.choices = choices;
  }

  @Override
  public int atPoint(int current, long others) {
    return decide(current, others, 1, preempting);
  }

  @Override
  public int atOffer(int current, long others) {
    return decide(current, others, 0, free);
  }

  @Override
  public int atStop(long candidates) {
    int first = Long.numberOfTrailingZeros(candidates);
    return decide(first, candidates & ~(1L << first), 0, free);
  }

  private int decide(int usual, long others, int cost, List<Choices> into) {
    int here = decision++;
    if (nextChoice < choices.all.size()) {
      Choice next = choices.all.get(nextChoice);
      if (next.decision != here) {
        return usual;
      }
      nextChoice++;
      return next.thread;
    }
    if (!redundant) {
      for (long left = others; left != 0; left &= left - 1) {
        into.add(choices.and(here, Long.numberOfTrailingZeros(left), cost));
      }
    }
    return usual;
  }

  /** The run is one that is known already: what comes behind is not worth a look. */
  @Override
  public void inVain() {
    redundant |= nextChoice == choices.all.size() && choices.all.size() != 0;
  }

  /** Lists with one choice more, which takes a thread the turn away. */
  List<Choices> preempting() {
    return preempting;
  }

  /** Lists with one choice more, between threads none of which had the turn. */
  List<Choices> free() {
    return free;
  }
}
