/// Everything measured under one name, as it is now.
package struct MetricFamily: Sendable {
  package enum Kind: String, Sendable {
    case counter, gauge, histogram
  }

  package struct Sample: Sendable {
    package enum Value: Sendable {
      case number(Double)
      case histogram(Histogram.Snapshot)
    }

    /// Names and values, in order.
    package var labels: [(name: String, value: String)]
    package var value: Value

    package init(_ value: Double, labels: [(name: String, value: String)] = []) {
      self.value = .number(value)
      self.labels = labels
    }

    package init(_ histogram: Histogram.Snapshot, labels: [(name: String, value: String)] = []) {
      value = .histogram(histogram)
      self.labels = labels
    }
  }

  package var name: String
  package var help: String
  package var kind: Kind
  package var samples: [Sample]

  package init(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
    self.name = name
    self.help = help
    self.kind = kind
    self.samples = samples
  }

  /// One number without labels.
  package init(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
    self.init(name, kind, help, [Sample(value)])
  }

  package init(_ name: String, _ kind: Kind, _ help: String, _ value: Int) {
    self.init(name, kind, help, Double(value))
  }

  /// One number for each value of a label, sorted.
  package init(_ name: String, _ kind: Kind, _ help: String, by label: String, _ values: [String: Int]) {
    self.init(
      name, kind, help,
      values.sorted { $0.key < $1.key }.map { Sample(Double($0.value), labels: [(label, $0.key)]) })
  }

  package init(_ name: String, _ help: String, _ histogram: Histogram.Snapshot) {
    self.init(name, .histogram, help, [Sample(histogram)])
  }

  /// Each number under its name and labels, such as `kagzi_tasks_total{kind="workflow"}`; a histogram as its count and sum.
  package var numbers: [(name: String, value: Double)] {
    samples.flatMap { sample -> [(name: String, value: Double)] in
      let labels = PrometheusText.labels(sample.labels)
      switch sample.value {
      case .number(let value): return [(name + labels, value)]
      case .histogram(let histogram):
        return [("\(name)_count\(labels)", Double(histogram.total)), ("\(name)_sum\(labels)", histogram.sum)]
      }
    }
  }
}
