package org.jmmu.explain;

import com.samskivert.mustache.Mustache;
import com.samskivert.mustache.Template;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jmmu.explain.Event.Change;
import org.jmmu.hunt.Target;

/** An explanation as a page that stands alone: no script, no style sheet from elsewhere. */
public final class HtmlExplanation {
  private HtmlExplanation() {}

  /** The text of the page. */
  public static String of(
      Target target, String scenario, String schedule, Explanation explanation) {
    Map<String, Object> page = new LinkedHashMap<>();
    page.put("target", target.name());
    page.put("summary", target.variant().summary());
    page.put("kernel", target.variant().kernel());
    page.put("scenario", scenario);
    page.put("schedule", schedule);
    page.put("hasStart", !explanation.start().isEmpty());
    page.put("start", explanation.start().entrySet().stream().map(HtmlExplanation::item).toList());
    page.put(
        "events",
        explanation.events().stream()
            .filter(event -> !event.changes().isEmpty() || isStop(event))
            .map(event -> event(explanation.threads(), event))
            .toList());
    page.put("what", explanation.what().isEmpty() ? "sound" : explanation.what());
    return template().execute(page);
  }

  private static boolean isStop(Event event) {
    return event.where().equals("end") || event.where().startsWith("waits for ");
  }

  private static Map<String, Object> item(Map.Entry<String, String> entry) {
    return Map.of("name", entry.getKey(), "value", entry.getValue());
  }

  private static Map<String, Object> event(List<String> threads, Event event) {
    return Map.of(
        "thread",
        event.thread(),
        "column",
        threads.indexOf(event.thread()) + 1,
        "where",
        event.where(),
        "changes",
        event.changes().stream().map(HtmlExplanation::change).toList());
  }

  private static Map<String, Object> change(Change change) {
    return Map.of(
        "name",
        change.name(),
        "before",
        Objects.requireNonNullElse(change.before(), "–"),
        "after",
        Objects.requireNonNullElse(change.after(), "–"));
  }

  private static Template template() {
    try (InputStream text =
        Objects.requireNonNull(
            HtmlExplanation.class.getResourceAsStream("explanation.mustache.html"))) {
      return Mustache.compiler().compile(new InputStreamReader(text, StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
