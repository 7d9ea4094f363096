internal import Messages

/// A welcomed stream, and how the coordinator takes what is sent on it.
struct WorkOutbox: Sendable {
  let stream: any WorkStream
  /// The most reports in one message; zero: each is a message of its own.
  let maxReports: Int

  func send(_ request: WorkRequest) { stream.send(request) }

  /// Sends a report, in one message with others that have not left yet if the coordinator takes several.
  func send(_ report: TaskReport) {
    if maxReports > 1 {
      stream.merge(WorkRequest(reports: [report]), atMost: maxReports)
    } else {
      stream.send(WorkRequest(message: .report(report)))
    }
  }

  func finish() { stream.finish() }

  func cancel() { stream.cancel() }
}
