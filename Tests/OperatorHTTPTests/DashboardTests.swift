import Foundation
import Messages
import Testing

@testable import OperatorHTTP
@testable import Services

@Suite("The dashboard as a value")
struct DashboardTests {
  private let hostile = "<script>alert('x')</script>&\""

  private func view(_ health: CheckHealthResponse, _ overview: Overview?) -> DashboardView {
    DashboardView(
      namespace: "default", namespaces: ["default"], version: "1", coordinatorID: "0123456789", isDraining: false,
      content: Dashboard.Content(health: health, overview: overview), rates: [], now: Date(timeIntervalSince1970: 1_000)
    )
  }

  @Test("what is put into markup is escaped; only markup goes in as it is")
  func escaping() {
    let inner: HTML = "<b>\(hostile)</b>"
    let outer: HTML = "<p title=\"\(hostile)\">\(inner)\([inner, inner])\(7)</p>"
    #expect(inner.markup == "<b>&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;</b>")
    #expect(!outer.markup.contains("<script"))
    #expect(outer.markup.hasSuffix("7</p>"))
  }

  @Test("checklist 21: without a database it says so, with the finding, and shows nothing that is not known")
  func away() {
    let finding = HealthFinding(subject: "database", status: .unhealthy, message: "it did not answer: \(hostile)")
    let markup = view(CheckHealthResponse(status: .unhealthy, findings: [finding]), nil).main.markup
    #expect(markup.contains("Something does not work") && markup.contains("Not known while the database is away"))
    #expect(markup.contains("it did not answer: &lt;script&gt;") && !markup.contains("<script"))
  }

  @Test("checklist 21: workers that drain or crashed come after those that run, ready tasks without a worker stand out")
  func content() {
    let overview = Overview(
      namespace: "default", openRuns: [("RUNNING", 12_345)], recentRuns: [],
      queues: [
        Queue(
          taskQueue: "q",
          entries: [
            QueueEntry(
              kind: "workflow", type: TypeVersion(type: "t", version: 2), ready: 4,
              oldestReadyAt: Timestamp(seconds: 990))
          ])
      ],
      workers: [
        Worker(workerID: "crashed-one", status: .crashed), Worker(workerID: "running-one", status: .running),
      ], hasMoreWorkers: false, failures: [])
    let markup = view(CheckHealthResponse(status: .healthy), overview).main.markup
    #expect(markup.contains("All is well") && markup.contains("12\u{202F}345") && markup.contains("nobody"))
    #expect(markup.contains("10 s") && markup.contains("no run has failed"))
    let running = markup.range(of: "running-one")
    let crashed = markup.range(of: "crashed-one")
    #expect(running != nil && crashed != nil && running!.lowerBound < crashed!.lowerBound)
  }

  @Test("throughput is what was done between two samples, a second")
  func rates() {
    let history = ThroughputHistory()
    let begin = ContinuousClock.now
    for (second, count) in [(0, 0), (2, 10), (4, 10)] {
      history.add(.init(at: begin + .seconds(second), closedRuns: count, tasks: 2 * count))
    }
    #expect(history.rates.map(\.closedRuns) == [5, 0] && history.rates.map(\.tasks) == [10, 0])
    #expect(history.rates.map(\.age) == [2, 0])
  }

  @Test("the ring of samples has a limit")
  func limit() {
    let history = ThroughputHistory()
    for number in 0..<1_000 {
      history.add(.init(at: .now + .seconds(number), closedRuns: number, tasks: 0))
    }
    #expect(history.rates.count == ThroughputHistory.limit - 1)
  }

  @Test(
    "the scale is a round figure at or above the highest rate",
    arguments: [(0.3, 1.0), (1, 1), (1.1, 2), (3, 5), (5.5, 10), (1_234, 2_000)])
  func scale(value: Double, ceiling: Double) { #expect(ThroughputPicture.scale(value) == ceiling) }

  @Test("the picture has a line for runs and one for tasks once there are two samples")
  func picture() {
    let rates = [
      ThroughputHistory.Rate(age: 2, closedRuns: 5, tasks: 10), .init(age: 0, closedRuns: 1, tasks: 2),
    ]
    let markup = ThroughputPicture.render(rates).markup
    #expect(markup.contains("line runs") && markup.contains("line tasks"))
    #expect(!ThroughputPicture.render([]).markup.contains("polyline"))
  }
}
