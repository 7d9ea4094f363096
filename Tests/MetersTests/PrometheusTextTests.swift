import Meters
import Testing

@Suite("Metrics in Prometheus' text format")
struct PrometheusTextTests {
  @Test("checklist 21: counters and gauges with help, type, sorted labels and whole numbers")
  func numbers() {
    let text = PrometheusText.render([
      MetricFamily("a_total", .counter, "Things.", 3),
      MetricFamily("b", .gauge, "Others.", by: "kind", ["y": 2, "x": 1]),
      MetricFamily("nothing", .gauge, "Left out.", by: "kind", [:]),
      MetricFamily("c_seconds", .gauge, "Time.", 0.25),
    ])
    #expect(
      text == """
        # HELP a_total Things.
        # TYPE a_total counter
        a_total 3
        # HELP b Others.
        # TYPE b gauge
        b{kind="x"} 1
        b{kind="y"} 2
        # HELP c_seconds Time.
        # TYPE c_seconds gauge
        c_seconds 0.25

        """)
  }

  @Test("label values and help are escaped")
  func escaping() {
    let sample = MetricFamily.Sample(1, labels: [("a", "back\\slash \"quote\"\nline")])
    let text = PrometheusText.render([MetricFamily("m", .gauge, "two\nlines \\", [sample])])
    #expect(text.contains(#"m{a="back\\slash \"quote\"\nline"} 1"#))
    #expect(text.contains(#"# HELP m two\nlines \\"#))
  }

  @Test("a histogram's buckets are cumulative, its last has no bound, and a bound belongs to its bucket")
  func histogram() {
    let histogram = Histogram(bounds: [1, 2])
    for value in [0.5, 1, 1.5, 9] { histogram.observe(value) }
    let text = PrometheusText.render([MetricFamily("h", "Sizes.", histogram.snapshot)])
    #expect(
      text == """
        # HELP h Sizes.
        # TYPE h histogram
        h_bucket{le="1"} 2
        h_bucket{le="2"} 3
        h_bucket{le="+Inf"} 4
        h_sum 12
        h_count 4

        """)
    #expect(histogram.snapshot.quantile(0.5) == 1)
    #expect(Histogram(bounds: [1]).snapshot.quantile(0.5) == nil)
  }

  @Test("durations are observed in seconds")
  func durations() {
    let histogram = Histogram(bounds: Histogram.latencyBounds)
    histogram.observe(.milliseconds(3))
    #expect(histogram.snapshot.sum == 0.003)
  }

  @Test("numbers have names with their labels, a histogram its count and sum")
  func names() {
    let histogram = Histogram(bounds: [1])
    histogram.observe(0.5)
    let families = [
      MetricFamily("a", .gauge, "", by: "k", ["v": 2]), MetricFamily("h", "", histogram.snapshot),
    ]
    #expect(families.flatMap(\.numbers).map(\.name) == [#"a{k="v"}"#, "h_count", "h_sum"])
  }

  @Test("counters count from many tasks at once")
  func counters() async {
    let (counter, named) = (Counter(), NamedCounters())
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<1_000 {
            counter.add()
            named.add("a", 2)
          }
        }
      }
    }
    #expect(counter.count == 8_000 && named.counts == ["a": 16_000])
  }
}
