internal import FoundationEssentials
internal import Messages

/// What to do when an occurrence comes while the run of the last one is open.
public enum OverlapPolicy: Sendable, Hashable {
  /// Skip it.
  case skip
  /// Keep one for later.
  case bufferOne
  /// Keep all for later, in order.
  case bufferAll
  /// Cancel the open run, then start.
  case cancelOther
  /// Start beside it.
  case allow

  init(_ policy: Messages.OverlapPolicy) {
    switch policy {
    case .bufferOne: self = .bufferOne
    case .bufferAll: self = .bufferAll
    case .cancelOther: self = .cancelOther
    case .allow: self = .allow
    case .skip, .unspecified, .unrecognized: self = .skip
    }
  }

  var message: Messages.OverlapPolicy {
    switch self {
    case .skip: .skip
    case .bufferOne: .bufferOne
    case .bufferAll: .bufferAll
    case .cancelOther: .cancelOther
    case .allow: .allow
    }
  }
}

/// What a schedule starts, and when.
public struct ScheduleSpec: Sendable {
  /// When.
  public enum Timing: Sendable, Hashable {
    /// Cron with 5 fields, or 6 with seconds first.
    case cron(String)
    /// Every so often.
    case every(Duration)
  }

  /// When.
  public var timing: Timing
  /// The workflow that it starts.
  public var workflow: String
  /// Its input.
  public var input: RawPayload
  /// How it is started.
  public var options: StartOptions
  /// IANA time zone for cron. Nil: UTC.
  public var timeZone: String?
  /// Each firing is delayed at random by up to this.
  public var jitter: Duration?
  /// What to do on overlap.
  public var overlapPolicy: OverlapPolicy
  /// Missed occurrences older than this are skipped. Nil: 1 min.
  public var catchUpWindow: Duration?
  /// At most this many missed occurrences are made up for. Nil: 100.
  public var catchUpLimit: Int?

  public init(
    _ timing: Timing, workflow: String, input: some Encodable & Sendable, options: StartOptions = StartOptions(),
    timeZone: String? = nil, jitter: Duration? = nil, overlapPolicy: OverlapPolicy = .skip,
    catchUpWindow: Duration? = nil, catchUpLimit: Int? = nil
  ) throws {
    self.timing = timing
    self.workflow = workflow
    self.input = try RawPayload.encode(input)
    self.options = options
    self.timeZone = timeZone
    self.jitter = jitter
    self.overlapPolicy = overlapPolicy
    self.catchUpWindow = catchUpWindow
    self.catchUpLimit = catchUpLimit
  }

  func message(namespace: String) -> Messages.ScheduleSpec {
    var start = options.request(namespace: namespace, type: workflow, version: nil, input: input.payload)
    // Each firing is a start of its own.
    start.requestID = options.requestID ?? ""
    return Messages.ScheduleSpec(
      timing: timing.message, timeZone: timeZone ?? "", jitter: jitter.map { ProtoDuration($0) },
      overlapPolicy: overlapPolicy.message, catchUpWindow: catchUpWindow.map { ProtoDuration($0) },
      catchUpLimit: UInt32(clamping: catchUpLimit ?? 0), start: start)
  }
}

extension ScheduleSpec.Timing {
  fileprivate var message: Messages.ScheduleSpec.Timing {
    switch self {
    case .cron(let fields): .cron(fields)
    case .every(let interval): .interval(ProtoDuration(interval))
    }
  }
}
