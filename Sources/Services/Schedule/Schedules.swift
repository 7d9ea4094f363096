internal import Engine
internal import GRPC
internal import Messages
internal import Postgres
internal import Store

extension Schedule {
  internal init(_ row: ScheduleRow) {
    self.init(
      scheduleID: row.scheduleID, namespace: row.namespace, spec: ScheduleSpec(blob: row.spec), paused: row.isPaused,
      note: row.note, nextAt: row.isPaused ? nil : row.nextAt.map { Timestamp($0) },
      lastAt: row.lastAt.map { Timestamp($0) }, createdAt: Timestamp(row.createdAt),
      buffered: UInt32(max(0, row.waiting)))
  }
}

extension ScheduleFiring {
  internal init(_ row: FiringRow) {
    self.init(
      scheduledAt: Timestamp(row.scheduledAt), decidedAt: Timestamp(row.decidedAt),
      runID: row.runID?.description ?? "", skipReason: row.skipReason ?? "",
      cause: Messages.FiringCause(rawValue: Int32(row.cause.rawValue)))
  }
}

extension ScheduleDefinition {
  /// The definition of a recorded schedule. Throws only if this binary cannot read what another one has written.
  internal init(_ row: ScheduleRow) throws(Status) {
    guard let spec = ScheduleSpec(blob: row.spec) else { throw Status(.internal, "the definition cannot be read") }
    try self.init(spec, anchor: row.anchorAt.microseconds, seed: row.uid.jitterSeed)
  }

  /// The first occurrence after an instant, and when to decide about it.
  internal func next(after instant: PostgresTimestamp) -> (nextAt: PostgresTimestamp, fireAt: PostgresTimestamp)? {
    timing.next(after: instant.microseconds).map {
      (PostgresTimestamp(microseconds: $0), PostgresTimestamp(microseconds: terms.fireTime(of: $0)))
    }
  }
}

extension UUID {
  internal var jitterSeed: UInt64 { high ^ low }
}

extension Status {
  /// The same, with the field that its detail names under another.
  internal func under(_ parent: String) -> Status {
    guard let detail = RPCStatus(blob: details)?.details.first else { return self }
    if detail.typeURL.hasSuffix("/kagzi.v1.InvalidField"), let invalid = InvalidField(blob: detail.value) {
      return .invalid("\(parent).\(invalid.field)", invalid.reason)
    }
    if detail.typeURL.hasSuffix("/kagzi.v1.PayloadTooLarge"), let large = PayloadTooLarge(blob: detail.value) {
      return .payloadTooLarge("\(parent).\(large.field)", limit: Int(large.limit), size: Int(large.size))
    }
    return self
  }

  internal static func alreadyExists(_ kind: String, _ name: String) -> Status {
    Status(
      .alreadyExists, "there is a \(kind) '\(name)' already", detail: ResourceExists(kind: kind, name: name),
      named: "ResourceExists")
  }
}

/// Occurrences as texts: in workflow ids and reasons.
internal enum OccurrenceText {
  /// RFC 3339 in UTC, with fractions of a second only if there are any: `2026-03-29T01:00:00Z`.
  static func text(_ microseconds: Int64) -> String {
    let seconds = floorDivide(microseconds, 1_000_000)
    let fraction = floorRemainder(microseconds, 1_000_000)
    let date = CivilDate(days: floorDivide(seconds, 86_400))
    let time = floorRemainder(seconds, 86_400)
    let day = "\(padded(date.year, 4))-\(padded(Int64(date.month), 2))-\(padded(Int64(date.day), 2))"
    let clock = "\(padded(time / 3_600, 2)):\(padded(time / 60 % 60, 2)):\(padded(time % 60, 2))"
    return fraction == 0 ? "\(day)T\(clock)Z" : "\(day)T\(clock).\(padded(fraction, 6))Z"
  }

  private static func padded(_ value: Int64, _ width: Int) -> String {
    let digits = "\(value)"
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
