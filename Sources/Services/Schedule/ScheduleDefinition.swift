internal import Engine
internal import GRPC
internal import Messages

/// A schedule's definition, read and checked.
internal struct ScheduleDefinition: Sendable {
  var timing: ScheduleTiming
  var terms: ScheduleTerms
  var policy: Engine.OverlapPolicy
  var start: StartWorkflowRequest

  private static let longestJitter: Duration = .seconds(86_400)
  private static let longestWindow: Duration = .seconds(366 * 86_400)
  private static let longestInterval: Duration = .seconds(3_660 * 86_400)
  private static let largestLimit: UInt32 = 1_000

  /// - Parameters:
  ///   - anchor: where an interval's occurrences are counted from, in microseconds since 1970.
  ///   - seed: makes the jitter of one schedule unlike another's.
  init(_ spec: ScheduleSpec, anchor: Int64, seed: UInt64) throws(Status) {
    timing = try Self.timing(spec, anchor: anchor)
    terms = try Self.terms(spec, seed: seed)
    switch spec.overlapPolicy {
    case .unspecified: policy = .skip
    default:
      guard let policy = Engine.OverlapPolicy(rawValue: Int16(clamping: spec.overlapPolicy.rawValue)) else {
        throw .invalid("spec.overlap_policy", "\(spec.overlapPolicy.rawValue) is none of the policies")
      }
      self.policy = policy
    }
    guard let start = spec.start else { throw .invalid("spec.start", "must say what to start") }
    try Self.checkPerRun(start)
    self.start = start
  }

  private static func timing(_ spec: ScheduleSpec, anchor: Int64) throws(Status) -> ScheduleTiming {
    switch spec.timing {
    case .cron(let text):
      guard let zone = ZoneCatalog.rules(spec.timeZone) else {
        throw .invalid(
          "spec.time_zone", "'\(spec.timeZone)' is not a time zone: give an IANA name such as Europe/Berlin")
      }
      do {
        return .cron(try CronExpression(text), zone)
      } catch {
        throw .invalid("spec.cron", error.description)
      }
    case .interval(let interval):
      guard spec.timeZone.isEmpty else { throw .invalid("spec.time_zone", "is for cron; an interval has none") }
      let every = try microseconds(interval, "spec.interval", 1_000_000, longestInterval)
      return .interval(every: every, anchor: anchor)
    case nil: throw .invalid("spec.cron", "give cron or interval")
    }
  }

  private static func terms(_ spec: ScheduleSpec, seed: UInt64) throws(Status) -> ScheduleTerms {
    var terms = ScheduleTerms(seed: seed)
    if let jitter = spec.jitter { terms.jitterMicroseconds = try microseconds(jitter, "spec.jitter", 0, longestJitter) }
    if let window = spec.catchUpWindow {
      terms.catchUpWindowMicroseconds = try microseconds(window, "spec.catch_up_window", 1_000_000, longestWindow)
    }
    guard spec.catchUpLimit <= largestLimit else {
      throw .invalid("spec.catch_up_limit", "must be 1 to \(largestLimit), or zero for 100")
    }
    if spec.catchUpLimit > 0 { terms.catchUpLimit = Int(spec.catchUpLimit) }
    return terms
  }

  private static func microseconds(
    _ duration: ProtoDuration, _ field: String, _ least: Int64, _ most: Duration
  ) throws(Status) -> Int64 {
    guard duration.nanos % 1_000 == 0 else { throw .invalid(field, "must be whole microseconds") }
    guard duration.duration <= most else {
      throw .invalid(field, "must not be longer than \(most.components.seconds) s")
    }
    let value = duration.seconds * 1_000_000 + Int64(duration.nanos) / 1_000
    guard value >= least else {
      throw .invalid(field, least == 0 ? "must not be negative" : "must be \(least / 1_000_000) s or more")
    }
    return value
  }

  /// What a start says of one run makes no sense for many.
  private static func checkPerRun(_ start: StartWorkflowRequest) throws(Status) {
    guard start.requestID.isEmpty else {
      throw .invalid("spec.start.request_id", "must be empty: each occurrence is started once by itself")
    }
    guard start.startDelay == nil, start.startAt == nil else {
      let field = start.startAt == nil ? "start_delay" : "start_at"
      throw .invalid("spec.start.\(field)", "must be absent: the schedule says when")
    }
    guard start.conflictPolicy == .unspecified || start.conflictPolicy == .fail else {
      throw .invalid("spec.start.conflict_policy", "must be absent: overlap_policy says what to do about open runs")
    }
    guard start.reusePolicy == .unspecified || start.reusePolicy == .allow else {
      throw .invalid("spec.start.reuse_policy", "must be absent: each occurrence has a workflow id of its own")
    }
  }
}
