package org.jmmu.hunt;

import com.samskivert.mustache.Mustache;
import com.samskivert.mustache.Template;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jmmu.race.Race;

/** A hunt as a page that stands alone: no script, no style sheet, no picture from elsewhere. */
public final class HtmlReport {
  private static final DateTimeFormatter WHEN =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm z", Locale.ROOT)
          .withZone(ZoneId.systemDefault());

  private HtmlReport() {}

  /** The text of the page. */
  public static String of(HuntResult result) {
    Map<String, Object> page = new LinkedHashMap<>();
    page.put("allAsExpected", result.asExpected());
    page.put("when", WHEN.format(result.started()));
    page.put("took", Figures.millis(result.took().toMillis()));
    page.put("perVariant", Figures.millis(result.perVariant().toMillis()));
    page.put("host", result.host());
    page.put("searched", result.findings().stream().anyMatch(each -> each.verification() != null));
    page.put("findings", result.findings().stream().map(HtmlReport::finding).toList());
    page.put("races", races(result));
    return template().execute(page);
  }

  private static List<Map<String, Object>> races(HuntResult result) {
    Map<Race, List<Map<String, Object>>> byRace = new LinkedHashMap<>();
    for (Finding finding : result.findings()) {
      byRace
          .computeIfAbsent(finding.target().race(), _ -> new java.util.ArrayList<>())
          .add(finding(finding));
    }
    return byRace.entrySet().stream()
        .map(
            entry ->
                Map.<String, Object>of(
                    "slug", entry.getKey().slug(),
                    "title", entry.getKey().title(),
                    "interleaving", entry.getKey().interleaving().stripTrailing(),
                    "findings", entry.getValue()))
        .toList();
  }

  private static Map<String, Object> finding(Finding finding) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("race", finding.target().race().slug());
    map.put("variant", finding.target().variant().name());
    map.put("summary", finding.target().variant().summary());
    map.put("kernel", finding.target().variant().kernel());
    map.put("expected", finding.target().variant().verdict().name().toLowerCase(Locale.ROOT));
    map.put("seen", finding.seen());
    map.put("caught", finding.caught());
    map.put("bad", Figures.count(finding.bad()));
    map.put("samples", Figures.count(finding.samples()));
    map.put("rate", Figures.rate(finding.samplesPerSecond()));
    map.put("first", Figures.first(finding.firstWitness()));
    map.put("bound", Figures.bound(finding.upperBound95()));
    map.put("schedules", Figures.schedules(finding.verification()));
    map.put("preemptions", Figures.preemptions(finding.verification()));
    map.put("notes", finding.notes());
    map.put("hasNotes", !finding.measures().isEmpty());
    map.put("asExpected", finding.asExpected());
    map.put("troubles", finding.troubles());
    map.put("outcomes", finding.outcomes().stream().map(HtmlReport::outcome).toList());
    return map;
  }

  private static Map<String, Object> outcome(OutcomeRow row) {
    return Map.of(
        "id", row.id(),
        "samples", Figures.count(row.samples()),
        "grade", row.grade(),
        "badSeen", row.bad() && row.samples() > 0,
        "description", row.description());
  }

  private static Template template() {
    try (InputStream text =
        Objects.requireNonNull(HtmlReport.class.getResourceAsStream("report.mustache.html"))) {
      return Mustache.compiler().compile(new InputStreamReader(text, StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
