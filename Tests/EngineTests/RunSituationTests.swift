import Engine
import Testing

@Suite("Why a run does not move")
struct RunSituationTests {
  private static let noon: Int64 = 1_795_608_000_000_000
  private static let key = TaskKey(kind: .workflow, namespace: "default", queue: "q", type: "order", version: 2)
  private static let hands = TaskKey(kind: .activity, namespace: "default", queue: "q", type: "charge", version: 1)

  private static func worker(
    _ id: String, version: Int32 = 2, queue: String = "q", free: Int? = nil, type: String = "order"
  ) -> LiveWorker {
    LiveWorker(workerID: id, taskQueues: [queue], types: [.init(type: type, version: version)], freeSlots: free)
  }

  private static func situation(
    _ status: RunStatus, workers: [LiveWorker] = [], _ change: (inout RunSituation) -> Void = { _ in }
  ) -> RunSituation {
    var situation = RunSituation(status: status, supply: WorkerSupply(key: key, workers: workers))
    change(&situation)
    return situation
  }

  private static func waiting(
    _ kind: StepKind, _ state: StepState, _ change: (inout RunSituation.OpenStep) -> Void = { _ in }
  ) -> RunSituation {
    situation(.waiting) { situation in
      var step = RunSituation.OpenStep(key: "step", kind: kind, state: state)
      change(&step)
      situation.steps = [step]
      situation.openStepCount = 1
    }
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var situation: RunSituation
    var reason: String
    var remedy: String?
    var testDescription: String { reason }
  }

  static let cases: [Case] = [
    Case(
      situation: situation(.pending) { $0.readySince = noon },
      reason:
        "its workflow task is ready since 2026-11-25T12:00:00.000Z: no live worker serves workflow 'order' version 2 in queue 'q'",
      remedy: "start a worker that registers workflow 'order' version 2 and serves queue 'q'"),
    Case(
      situation: situation(.pending, workers: [worker("a", version: 1), worker("b", queue: "other")]) {
        $0.readySince = noon
      },
      reason:
        "its workflow task is ready since 2026-11-25T12:00:00.000Z: no live worker serves workflow 'order' version 2 in queue 'q'; a serves version 1 in queue 'q' and b serves version 2 in queue 'other'",
      remedy: "start a worker that registers workflow 'order' version 2 and serves queue 'q'"),
    Case(
      situation: situation(.pending, workers: [worker("a", free: 0), worker("b", free: 0)]) { $0.readySince = noon },
      reason:
        "its workflow task is ready since 2026-11-25T12:00:00.000Z: all 2 workers that serve workflow 'order' version 2 in queue 'q' have no free slot: a and b",
      remedy: "start more workers, or give them more slots"),
    Case(
      situation: situation(.pending, workers: [worker("a", free: 0), worker("b")]) { $0.readySince = noon },
      reason:
        "its workflow task is ready since 2026-11-25T12:00:00.000Z: it waits for a worker that serves workflow 'order' version 2 in queue 'q': a and b",
      remedy: nil),
    Case(
      situation: situation(.running) {
        $0.holder = .init(workerID: "a", since: noon, leaseUntil: noon + 30_000_000)
      },
      reason:
        "its workflow task is held by worker a since 2026-11-25T12:00:00.000Z (its lease runs until 2026-11-25T12:00:30.000Z)",
      remedy: nil),
    Case(
      situation: situation(.pending) {
        $0.wasTaken = false
        $0.resumeAt = noon
      },
      reason: "its start is delayed until 2026-11-25T12:00:00.000Z", remedy: nil),
    Case(
      situation: situation(.sleeping) {
        $0.attempt = 3
        $0.resumeAt = noon
        $0.lastFailure = "NETWORK_ERROR: no answer"
      },
      reason: "attempt 3 of the run begins at 2026-11-25T12:00:00.000Z, after NETWORK_ERROR: no answer", remedy: nil),
    Case(
      situation: situation(.running) {
        $0.resumeAt = noon
        $0.statusReason = "given back by worker a: unknown type"
      },
      reason:
        "its workflow task is offered again at 2026-11-25T12:00:00.000Z (given back by worker a: unknown type)",
      remedy: nil),
    Case(
      situation: situation(.paused) { $0.statusReason = "maintenance" }, reason: "it is paused: maintenance",
      remedy: "resume it"),
    Case(
      situation: situation(.paused) {
        $0.isCancelRequested = true
        $0.statusReason = "maintenance"
        $0.cancelReason = "enough"
        $0.cancelDeadlineAt = noon
      }, reason: "it is paused: maintenance", remedy: "resume it"),
    Case(
      situation: situation(.waiting) {
        $0.isCancelRequested = true
        $0.cancelReason = "enough"
        $0.cancelDeadlineAt = noon
      },
      reason:
        "cancellation was asked for (enough): it is closed as CANCELLED by 2026-11-25T12:00:00.000Z if no worker is at work on it then",
      remedy: "terminate it, to close it now"),
    Case(
      situation: waiting(.sleep, .waiting) { $0.dueAt = noon },
      reason: "it sleeps until 2026-11-25T12:00:00.000Z by timer 'step'", remedy: nil),
    Case(
      situation: waiting(.local, .retrying) {
        $0.attempt = 2
        $0.dueAt = noon
        $0.failure = "TIMEOUT: late"
      },
      reason: "it retries step 'step': attempt 2 begins at 2026-11-25T12:00:00.000Z, after TIMEOUT: late", remedy: nil),
    Case(
      situation: waiting(.activity, .ready) {
        $0.readySince = noon
        $0.supply = WorkerSupply(key: hands, workers: [])
      },
      reason:
        "it waits for activity 'step', which is ready since 2026-11-25T12:00:00.000Z: no live worker serves activity 'charge' version 1 in queue 'q'",
      remedy: "start a worker that registers activity 'charge' version 1 and serves queue 'q'"),
    Case(
      situation: waiting(.activity, .running) {
        $0.holder = .init(workerID: "b", since: noon, leaseUntil: nil)
        $0.deadlineAt = noon + 60_000_000
      },
      reason:
        "it waits for activity 'step', attempt 1, held by worker b since 2026-11-25T12:00:00.000Z; it times out at 2026-11-25T12:01:00.000Z",
      remedy: nil),
    Case(
      situation: waiting(.activity, .running),
      reason: "it waits for activity 'step', which handed its token away and is completed by whoever has it",
      remedy: "complete activity 'step' by its token"),
    Case(
      situation: waiting(.activity, .waiting),
      reason: "activity 'step' is held back: its group has as many at work as it may", remedy: nil),
    Case(
      situation: waiting(.child, .waiting) { $0.childRunID = "c" }, reason: "it waits for child run c of step 'step'",
      remedy: "explain child run c"),
    Case(
      situation: waiting(.signal, .waiting) { $0.signalName = "go" },
      reason: "it waits for signal 'go' in step 'step'", remedy: "send it signal 'go'"),
    Case(
      situation: situation(.waiting) {
        $0.groups = [.init(key: "g", memberCount: 5, settled: 2, deadlineAt: noon)]
      },
      reason: "it waits for group 'g': 2 of 5 members are settled; its deadline is 2026-11-25T12:00:00.000Z",
      remedy: nil),
    Case(
      situation: situation(.failed) {
        $0.closedAt = noon
        $0.lastFailure = "UNKNOWN: no"
      },
      reason: "the run is closed as FAILED since 2026-11-25T12:00:00.000Z; its failure: UNKNOWN: no",
      remedy: "retry it: its completed steps are kept, the others run again"),
    Case(situation: situation(.completed), reason: "the run is closed as COMPLETED", remedy: nil),
    Case(
      situation: situation(.waiting),
      reason:
        "it waits, and nothing that is recorded would wake it: its function suspended without asking for anything",
      remedy: "look at the workflow function; cancel or terminate the run"),
  ]

  @Test("is said for every state, with what would move it", arguments: cases)
  func table(example: Case) {
    let explanation = example.situation.explanation
    #expect(explanation.reasons.first == example.reason)
    #expect(explanation.remedies.first == example.remedy)
  }

  @Test("says how many steps it leaves out, and each remedy once")
  func manySteps() {
    let situation = Self.situation(.waiting) { situation in
      situation.openStepCount = 30
      situation.steps = (0..<20).map { index in
        var step = RunSituation.OpenStep(key: "s\(index)", kind: .activity, state: .ready)
        step.supply = WorkerSupply(key: Self.hands, workers: [])
        return step
      }
      situation.timeoutAt = Self.noon
    }
    let explanation = situation.explanation
    #expect(explanation.reasons.count == 22)
    #expect(explanation.reasons[20] == "10 more steps are not settled")
    #expect(explanation.reasons[21] == "its run timeout closes it at 2026-11-25T12:00:00.000Z")
    #expect(explanation.remedies.count == 1)
  }

  @Test(
    "instants are written as RFC 3339",
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
      (951_782_400_000_000, "2000-02-29T00:00:00.000Z"), (1_709_251_199_999_999, "2024-02-29T23:59:59.999Z"),
      (4_107_542_400_000_000, "2100-03-01T00:00:00.000Z"), (-62_135_596_800_000_000, "0001-01-01T00:00:00.000Z"),
    ] as [(Int64, String)])
  func instants(microseconds: Int64, text: String) {
    #expect(InstantText.rfc3339(microseconds: microseconds) == text)
  }
}
