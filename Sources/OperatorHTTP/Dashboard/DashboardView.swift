internal import Foundation
internal import Messages
internal import Services

/// The dashboard as markup: a value without I/O.
internal struct DashboardView: Sendable {
  var namespace: String
  var namespaces: [String]
  var version: String
  var coordinatorID: String
  var isDraining: Bool
  var content: Dashboard.Content
  var rates: [ThroughputHistory.Rate]
  var now = Date()

  /// The whole page.
  func page(nonce: String) -> HTML {
    """
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8"><title>Kagzi: \(namespace)</title>
    <meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
    <style nonce="\(nonce)">\(DashboardAssets.style)</style></head>
    <body><header><h1>Kagzi</h1>\(namespaceLinks)<p class="quiet">\(version) · coordinator \
    <code>\(coordinatorID.prefix(8))</code></p></header>
    <main>\(main)</main>
    <script nonce="\(nonce)">\(DashboardAssets.script)</script></body></html>
    """
  }

  /// The part that the page renews.
  var main: HTML {
    let overview = content.overview
    return """
      \(banner)
      <div class="columns"><section><h2>Throughput</h2>\(ThroughputPicture.render(rates))</section>
      <section><h2>Runs</h2>\(overview.map(runs) ?? unknown)</section></div>
      <section><h2>Findings</h2>\(findings)</section>
      <section><h2>Queues</h2>\(overview.map(queues) ?? unknown)</section>
      <section><h2>Workers</h2>\(overview.map(workers) ?? unknown)</section>
      <section><h2>Recent failures</h2>\(overview.map(failures) ?? unknown)</section>
      """
  }

  private var namespaceLinks: HTML {
    guard namespaces.count > 1 else { return "" }
    let links = namespaces.map { name -> HTML in
      let query = name.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
      return name == namespace ? "<b>\(name)</b> " : "<a href=\"/?namespace=\(query)\">\(name)</a> "
    }
    return "<nav aria-label=\"Namespaces\">\(links)</nav>"
  }

  private var unknown: HTML { "<p class=\"quiet\">Not known while the database is away.</p>" }

  // MARK: Health

  private var banner: HTML {
    let troubles = content.health.findings.filter { $0.status != .healthy }.count
    let text =
      switch content.health.status {
      case _ where isDraining: "This coordinator is stopping"
      case .healthy: "All is well"
      case .degraded: "It works, but look at it"
      default: "Something does not work"
      }
    return """
      <p class="banner \(Self.className(isDraining ? .degraded : content.health.status))" role="status"><b>\(text)</b>\
      <span>\(troubles == 0 ? "nothing found" : troubles == 1 ? "1 finding" : "\(troubles) findings") at \(Self.clock(now)) UTC</span></p>
      """
  }

  private var findings: HTML {
    let shown = content.health.findings.filter { $0.status != .healthy || !$0.subject.contains("/") }.prefix(50)
    return Self.table(
      ["", "subject", "what"],
      shown.map { ["\(Self.badge($0.status))", "<code>\($0.subject)</code>", "\($0.message)"] },
      none: "nothing was checked")
  }

  // MARK: Work

  private func runs(_ overview: Overview) -> HTML {
    """
    <h3>Open now</h3>\(counts(overview.openRuns, none: "no run is open"))
    <h3>Started in the last hour</h3>\(counts(overview.recentRuns, none: "none"))
    """
  }

  private func counts(_ counts: [(status: String, count: Int)], none: String) -> HTML {
    guard !counts.isEmpty else { return "<p class=\"quiet\">\(none)</p>" }
    let entries = counts.map { entry -> HTML in
      "<div class=\"count\"><b>\(Self.grouped(entry.count))</b><span>\(entry.status)</span></div>"
    }
    return "<div class=\"counts\">\(entries)</div>"
  }

  private func queues(_ overview: Overview) -> HTML {
    let rows = overview.queues.flatMap { queue in
      queue.entries.map { entry -> [HTML] in
        let isUnserved = entry.ready > 0 && entry.liveWorkers == 0
        return [
          "\(queue.taskQueue)", "\(entry.kind)",
          "\(entry.type?.type ?? "") <span class=\"quiet\">v\(entry.type?.version ?? 1)</span>",
          Self.figure(entry.ready), Self.figure(entry.leased),
          entry.oldestReadyAt.map { "\(age($0))" } ?? "–",
          isUnserved ? "<b class=\"bad\">nobody</b>" : Self.figure(entry.liveWorkers),
        ]
      }
    }
    return Self.table(
      ["queue", "kind", "type", "#ready", "#held", "#oldest", "#workers"], Array(rows.prefix(100)),
      none: "no queue is in use")
  }

  private func workers(_ overview: Overview) -> HTML {
    let rows = overview.workers.sorted { ($0.status.rawValue, $0.workerID) < ($1.status.rawValue, $1.workerID) }
      .prefix(100).map { worker -> [HTML] in
        [
          Self.status(worker.status), "\(worker.workerID)",
          "\(worker.hostname)\(worker.pid > 0 ? "<span class=\"quiet\"> pid \(worker.pid)</span>" as HTML : "")",
          "\(worker.sdkName) \(worker.sdkVersion)",
          "\(worker.activeWorkflows)<span class=\"quiet\">/\(worker.workflowSlots)</span>",
          "\(worker.activeActivities)<span class=\"quiet\">/\(worker.activitySlots)</span>",
          worker.lastBeatAt.map { "\(age($0))" } ?? "–", "\(worker.statusReason)",
        ]
      }
    let more: HTML = overview.hasMoreWorkers ? "<p class=\"quiet\">There are more.</p>" : ""
    return
      "\(Self.table(["status", "worker", "where", "SDK", "#workflows", "#activities", "#beat", ""], rows, none: "no worker is registered"))\(more)"
  }

  private func failures(_ overview: Overview) -> HTML {
    Self.table(
      ["closed", "workflow id", "type", "status", "failure"],
      overview.failures.map { run in
        [
          run.closedAt.map { "\(age($0)) ago" } ?? "–", "<span title=\"run \(run.runID)\">\(run.workflowID)</span>",
          "\(run.workflowType) <span class=\"quiet\">v\(run.workflowVersion)</span>",
          "\(Self.name(run.status))", "\((run.failure?.message ?? "").prefix(200))",
        ]
      }, none: "no run has failed")
  }

  // MARK: Pieces

  /// A heading that begins with `#` is a column of figures.
  private static func table(_ headings: [String], _ rows: [[HTML]], none: String) -> HTML {
    guard !rows.isEmpty else { return "<p class=\"quiet\">\(none)</p>" }
    func align(_ heading: String) -> HTML { heading.hasPrefix("#") ? " class=\"figure\"" : "" }
    let head = headings.map { heading -> HTML in
      "<th\(align(heading))>\(heading.trimmingPrefix("#").description)</th>"
    }
    let body = rows.map { row -> HTML in
      let cells = zip(headings, row).map { heading, cell -> HTML in "<td\(align(heading))>\(cell)</td>" }
      return "<tr>\(cells)</tr>"
    }
    return "<div class=\"wide\"><table><thead><tr>\(head)</tr></thead><tbody>\(body)</tbody></table></div>"
  }

  private static func badge(_ status: HealthStatus) -> HTML {
    "<span class=\"badge \(className(status))\">\(name(status))</span>"
  }

  private static func status(_ status: WorkerStatus) -> HTML {
    let level: HealthStatus =
      switch status {
      case .running: .healthy
      case .shuttingDown: .degraded
      default: .unhealthy
      }
    return "<span class=\"badge \(className(level))\">\(name(status))</span>"
  }

  private static func className(_ status: HealthStatus) -> String {
    switch status {
    case .healthy: "good"
    case .degraded: "fair"
    default: "bad"
    }
  }

  /// Cases are the contract's names in camel case.
  private static func name(_ value: some Any) -> String {
    "\(value)".reduce(into: "") { name, character in
      name += character.isUppercase ? " \(character.lowercased())" : "\(character)"
    }
  }

  private static func figure(_ value: UInt64) -> HTML {
    value == 0 ? "<span class=\"quiet\">0</span>" : "\(grouped(Int(value)))"
  }

  static func grouped(_ value: Int) -> String {
    var text = ""
    for (index, digit) in String(value).reversed().enumerated() {
      if index > 0, index.isMultiple(of: 3) { text.append("\u{202F}") }
      text.append(digit)
    }
    return String(text.reversed())
  }

  private func age(_ timestamp: Timestamp) -> String {
    let seconds = max(0, Int(now.timeIntervalSince1970) - Int(timestamp.seconds))
    return switch seconds {
    case ..<120: "\(seconds) s"
    case ..<7_200: "\(seconds / 60) min"
    case ..<172_800: "\(seconds / 3_600) h"
    default: "\(seconds / 86_400) d"
    }
  }

  private static func clock(_ date: Date) -> String {
    date.formatted(Date.ISO8601FormatStyle().time(includingFractionalSeconds: false))
  }
}
