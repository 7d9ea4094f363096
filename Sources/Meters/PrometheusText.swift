/// Metrics in Prometheus' text exposition format, version 0.0.4.
package enum PrometheusText {
  package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  package static func render(_ families: [MetricFamily]) -> String {
    var text = ""
    for family in families where !family.samples.isEmpty {
      text += "# HELP \(family.name) \(escapeHelp(family.help))\n# TYPE \(family.name) \(family.kind.rawValue)\n"
      for sample in family.samples { append(sample, of: family.name, to: &text) }
    }
    return text
  }

  private static func append(_ sample: MetricFamily.Sample, of name: String, to text: inout String) {
    switch sample.value {
    case .number(let value): text += "\(name)\(labels(sample.labels)) \(number(value))\n"
    case .histogram(let histogram):
      var total = 0
      for (index, count) in histogram.counts.enumerated() {
        total += count
        let bound = index < histogram.bounds.count ? number(histogram.bounds[index]) : "+Inf"
        text += "\(name)_bucket\(labels(sample.labels + [("le", bound)])) \(total)\n"
      }
      text += "\(name)_sum\(labels(sample.labels)) \(number(histogram.sum))\n"
      text += "\(name)_count\(labels(sample.labels)) \(total)\n"
    }
  }

  /// `{name="value",…}`, or nothing.
  static func labels(_ labels: [(name: String, value: String)]) -> String {
    guard !labels.isEmpty else { return "" }
    return "{" + labels.map { "\($0.name)=\"\(escape($0.value))\"" }.joined(separator: ",") + "}"
  }

  private static func number(_ value: Double) -> String {
    if value == value.rounded(), abs(value) < 1e15 { return String(Int(value)) }
    return value.isNaN ? "NaN" : value == .infinity ? "+Inf" : value == -.infinity ? "-Inf" : "\(value)"
  }

  private static func escape(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }

  private static func escapeHelp(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
  }
}
