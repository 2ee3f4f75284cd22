package org.jmmu.hunt;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Programs read this: a change here must be an addition. */
class JsonReportTest {
  @Test
  void saysWhatTheTableSays() {
    assertEquals(
        """
        {
          "asExpected" : false,
          "started" : "2026-01-02T03:04:05Z",
          "tookMillis" : 25250,
          "millisPerVariant" : 10000,
          "host" : {
            "cpus" : 2,
            "arch" : "amd64",
            "os" : "Linux 6.18",
            "jvm" : "Some VM 25",
            "load" : 5.0
          },
          "variants" : [ {
            "race" : "sample-race",
            "variant" : "NONE",
            "expected" : "BROKEN",
            "caught" : true,
            "asExpected" : true,
            "bad" : 1234,
            "samples" : 1000000,
            "samplesPerSecond" : 100000,
            "testedMillis" : 10000,
            "firstWitness" : {
              "millis" : 12,
              "samples" : 3456
            },
            "upperBound95" : null,
            "measures" : [ ],
            "outcomes" : [ {
              "id" : "clean",
              "grade" : "acceptable",
              "samples" : 998766,
              "description" : "both walks agree"
            }, {
              "id" : "lost",
              "grade" : "interesting",
              "samples" : 1234,
              "description" : "the walk <missed> it"
            } ],
            "troubles" : [ ],
            "search" : null
          }, {
            "race" : "sample-race",
            "variant" : "SEQ_ADDR",
            "expected" : "CORRECT",
            "caught" : false,
            "asExpected" : false,
            "bad" : 0,
            "samples" : 0,
            "samplesPerSecond" : 0,
            "testedMillis" : 0,
            "firstWitness" : null,
            "upperBound95" : null,
            "measures" : [ ],
            "outcomes" : [ ],
            "troubles" : [ "no result" ],
            "search" : null
          } ]
        }
        """,
        JsonReport.of(
            SampleRace.result(
                SampleRace.caughtBroken(), Finding.nothing(SampleRace.SEQ_ADDR, "no result"))));
  }
}
