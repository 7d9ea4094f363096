import Engine
import SeededRandom
import Testing

@Suite("Retry decisions")
struct RetryPolicyTests {
  @Test(
    "delays without jitter are initial × multiplier^(attempt−1), capped: 1, 2, 4, 8 s",
    arguments: [(1, 1_000), (2, 2_000), (3, 4_000), (4, 8_000), (20, 3_600_000), (1_000_000, 3_600_000)])
  func delays(attempt: Int, expected: Int64) {
    var generator = Seeded(seed: 1)
    let policy = RetryPolicy(jitter: 0)
    #expect(policy.delayMilliseconds(after: attempt, using: &generator) == expected)
  }

  @Test("jitter stays within its fraction and is used, over ten thousand seeded policies")
  func jitter() {
    var generator = Seeded(seed: 2)
    var distinct = Set<Int64>()
    for _ in 0..<10_000 {
      let policy = RetryPolicy(
        initialMilliseconds: .random(in: 0...10_000, using: &generator),
        maxMilliseconds: .random(in: 0...1_000_000, using: &generator),
        multiplier: .random(in: 1...10, using: &generator), jitter: 0.25)
      let attempt = Int.random(in: 1...50, using: &generator)
      var still = policy
      still.jitter = 0
      let base = Double(still.delayMilliseconds(after: attempt, using: &generator))
      let delay = Double(policy.delayMilliseconds(after: attempt, using: &generator))
      #expect(delay >= base * 0.75 - 1 && delay <= base * 1.25 + 1)
      distinct.insert(Int64(delay))
    }
    #expect(distinct.count > 1_000)
  }

  @Test("attempts count executions: 1 means none comes after, 5 means four retries", arguments: [1, 2, 5])
  func attempts(max: Int) {
    var generator = Seeded(seed: 3)
    let policy = RetryPolicy(maxAttempts: max, jitter: 0)
    for attempt in 1...max + 1 {
      let decision = policy.decide(
        after: FailureFacts(kind: .timeout), attempt: attempt, elapsedMilliseconds: 0, using: &generator)
      if case .retry = decision { #expect(attempt < max) } else { #expect(attempt >= max) }
    }
  }

  @Test("checklist 9: each predicate retries exactly its kinds", arguments: ErrorKind.allCases)
  func kinds(kind: ErrorKind) {
    let retryable: Set<ErrorKind> = [
      .networkError, .serviceUnavailable, .rateLimited, .timeout, .databaseError, .workerLost,
    ]
    #expect(retries(.onRetryableError, FailureFacts(kind: kind)) == retryable.contains(kind))
    // Work that was cancelled is not begun again.
    #expect(retries(.onAnyError, FailureFacts(kind: kind)) == (kind != .cancelled))
    #expect(retries(.onAnyError, FailureFacts(kind: kind, retryable: true)))
    #expect(!retries(.never, FailureFacts(kind: kind)))
    #expect(retries(.onErrorKind([kind]), FailureFacts(kind: kind)))
    #expect(!retries(.onErrorKind([]), FailureFacts(kind: kind)))
  }

  @Test("a failure may override its kind both ways, but not the predicate never")
  func overrides() {
    #expect(retries(.onRetryableError, FailureFacts(kind: .unknown, retryable: true)))
    #expect(!retries(.onRetryableError, FailureFacts(kind: .timeout, retryable: false)))
    #expect(!retries(.never, FailureFacts(kind: .timeout, retryable: true)))
  }

  @Test("a listed code is never retried")
  func codes() {
    var generator = Seeded(seed: 4)
    let policy = RetryPolicy(nonRetryableCodes: ["CARD_DECLINED"])
    let decision = policy.decide(
      after: FailureFacts(kind: .networkError, code: "CARD_DECLINED"), attempt: 1, elapsedMilliseconds: 0,
      using: &generator)
    guard case .giveUp = decision else {
      Issue.record("retried \(decision)")
      return
    }
  }

  @Test("a failure names its own delay")
  func retryAfter() {
    var generator = Seeded(seed: 5)
    let decision = RetryPolicy().decide(
      after: FailureFacts(kind: .rateLimited, retryAfterMilliseconds: 123), attempt: 1, elapsedMilliseconds: 0,
      using: &generator)
    #expect(decision == .retry(afterMilliseconds: 123))
  }

  @Test("no attempt begins after the time budget", arguments: [(0, true), (4_000, true), (4_001, false)])
  func budget(elapsed: Int64, isRetried: Bool) {
    var generator = Seeded(seed: 6)
    let policy = RetryPolicy(initialMilliseconds: 1_000, jitter: 0, maxElapsedMilliseconds: 5_000)
    let decision = policy.decide(
      after: FailureFacts(kind: .timeout), attempt: 1, elapsedMilliseconds: elapsed, using: &generator)
    #expect((decision == .retry(afterMilliseconds: 1_000)) == isRetried)
  }

  private func retries(_ predicate: RetryPolicy.Predicate, _ failure: FailureFacts) -> Bool {
    var generator = Seeded(seed: 7)
    let policy = RetryPolicy(predicate: predicate)
    if case .retry = policy.decide(after: failure, attempt: 1, elapsedMilliseconds: 0, using: &generator) {
      return true
    }
    return false
  }
}
