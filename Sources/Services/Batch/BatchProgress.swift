internal import Messages

/// How far a batch is.
internal struct BatchProgress: Sendable {
  let failureLimit: Int
  var total = 0
  private(set) var done = 0
  private(set) var failed = 0
  private(set) var failures: [String] = []

  init(failureLimit: Int) { self.failureLimit = failureLimit }

  /// Counts one run: nil when it was changed, else why not.
  mutating func note(_ failure: String?) {
    guard let failure else {
      done += 1
      return
    }
    failed += 1
    if failures.count < failureLimit { failures.append(failure) }
  }

  /// The failures come with the last message only. More runs than were counted may have come to match meanwhile.
  func message(isFinished: Bool = false) -> BatchRunsResponse {
    BatchRunsResponse(
      total: UInt64(max(total, done + failed)), done: UInt64(done), failed: UInt64(failed), finished: isFinished,
      failures: isFinished ? failures : [])
  }
}

/// When the chunks of a batch may begin.
internal struct BatchPace: Sendable {
  private let perSecond: Int
  private let start: ContinuousClock.Instant
  private var count = 0
  /// Runs in one chunk: no more than a tenth of a second is worth, so that the pace is even.
  let chunk: Int

  /// - Parameter perSecond: runs a second at most; 0: no limit.
  init(perSecond: Int, chunk: Int, start: ContinuousClock.Instant) {
    self.perSecond = perSecond
    self.start = start
    self.chunk = perSecond == 0 ? chunk : min(chunk, max(1, perSecond / 10))
  }

  /// When the next chunk may begin, now that another `runs` are through.
  mutating func next(after runs: Int) -> ContinuousClock.Instant {
    count += runs
    return perSecond == 0 ? start : start + .seconds(1) * count / perSecond
  }
}
