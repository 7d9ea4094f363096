/// The last minutes as a line each for closed runs and tasks handed out, in SVG.
internal enum ThroughputPicture {
  private static let width = 720.0
  private static let height = 160.0
  /// For the scale's figures on the left and the minutes below.
  private static let left = 48.0
  private static let bottom = 20.0
  private static let top = 8.0
  private static let span = 300.0

  static func render(_ rates: [ThroughputHistory.Rate]) -> HTML {
    let ceiling = scale(max(1, rates.map { max($0.closedRuns, $0.tasks) }.max() ?? 0))
    let now = rates.last
    return """
      <figure><svg viewBox="0 0 \(Int(width)) \(Int(height))" role="img" aria-label="Runs closed and tasks handed out a second, over the last five minutes">
      \(grid(ceiling))\(line("runs", rates, ceiling, \.closedRuns))\(line("tasks", rates, ceiling, \.tasks))</svg>
      <figcaption><span class="key runs"></span>runs closed: <b>\(figure(now?.closedRuns ?? 0))</b>/s \
      <span class="key tasks"></span>tasks handed out: <b>\(figure(now?.tasks ?? 0))</b>/s, by this coordinator</figcaption></figure>
      """
  }

  private static func grid(_ ceiling: Double) -> HTML {
    let levels = [0.0, 0.5, 1.0].map { part -> HTML in
      let y = self.y(part * ceiling, ceiling)
      return """
        <line class="grid" x1="\(left)" x2="\(width)" y1="\(y)" y2="\(y)"/>\
        <text x="\(left - 6)" y="\(y + 4)" text-anchor="end">\(figure(part * ceiling))</text>
        """
    }
    let minutes = (0...5).map { minute -> HTML in
      let x = self.x(Double(minute) * 60)
      let anchor = minute == 0 ? "end" : minute == 5 ? "start" : "middle"
      return """
        <text x="\(x)" y="\(height - 4)" text-anchor="\(anchor)">\(minute == 0 ? "now" : "−\(minute) min")</text>
        """
    }
    return HTML(joining: levels + minutes)
  }

  private static func line(
    _ name: String, _ rates: [ThroughputHistory.Rate], _ ceiling: Double,
    _ value: (ThroughputHistory.Rate) -> Double
  ) -> HTML {
    let points = rates.filter { $0.age <= span }.map { "\(rounded(x($0.age))),\(rounded(y(value($0), ceiling)))" }
    guard points.count > 1 else { return "" }
    return "<polyline class=\"line \(name)\" points=\"\(points.joined(separator: " "))\"/>"
  }

  private static func x(_ age: Double) -> Double { width - age / span * (width - left) }
  private static func y(_ value: Double, _ ceiling: Double) -> Double {
    top + (1 - min(1, value / ceiling)) * (height - bottom - top)
  }

  private static func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }

  /// The next of 1, 2, 5, 10, 20, 50, …
  static func scale(_ value: Double) -> Double {
    var unit = 1.0
    while true {
      for step in [1.0, 2.0, 5.0] where value <= step * unit { return step * unit }
      unit *= 10
    }
  }

  static func figure(_ value: Double) -> String {
    value < 10 && value != value.rounded() ? "\((value * 10).rounded() / 10)" : "\(Int(value.rounded()))"
  }
}
