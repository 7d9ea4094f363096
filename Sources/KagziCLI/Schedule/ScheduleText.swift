internal import Messages
internal import Services

extension Text {
  /// When a schedule fires, in words.
  static func timing(_ spec: ScheduleSpec?) -> String {
    switch spec?.timing {
    case .cron(let cron): "\(cron) (\(spec?.timeZone.isEmpty == false ? spec?.timeZone ?? "" : "UTC"))"
    case .interval(let interval): "every \(retention(interval))"
    case nil: "-"
    }
  }

  static func policy(_ policy: OverlapPolicy) -> String {
    ScheduleOptions.policies.first { $0.policy == policy }?.name ?? "skip"
  }

  /// What became of an occurrence.
  static func outcome(_ firing: ScheduleFiring) -> String {
    if !firing.runID.isEmpty { return "run \(firing.runID)" }
    return firing.skipReason.isEmpty ? "waits for the open run to end" : "skipped: \(firing.skipReason)"
  }
}

extension JSON {
  static func schedule(_ schedule: Schedule) -> [String: Any] {
    let spec = schedule.spec ?? ScheduleSpec()
    let start = spec.start ?? StartWorkflowRequest()
    var fields: [String: Any] = [
      "scheduleId": schedule.scheduleID, "namespace": schedule.namespace, "timeZone": spec.timeZone,
      "overlapPolicy": Text.name(spec.overlapPolicy), "workflowType": start.workflowType,
      "workflowId": start.workflowID, "taskQueue": start.taskQueue, "input": payload(start.input),
      "paused": schedule.paused, "note": schedule.note, "nextAt": time(schedule.nextAt),
      "lastAt": time(schedule.lastAt), "createdAt": time(schedule.createdAt), "buffered": Int(schedule.buffered),
      "upcoming": UpcomingOccurrences.list(schedule, count: 5).map { time($0) },
    ]
    switch spec.timing {
    case .cron(let cron): fields["cron"] = cron
    case .interval(let interval): fields["interval"] = Text.retention(interval)
    case nil: break
    }
    return fields
  }

  static func firing(_ firing: ScheduleFiring) -> [String: Any] {
    [
      "scheduledAt": time(firing.scheduledAt), "decidedAt": time(firing.decidedAt), "runId": firing.runID,
      "skipReason": firing.skipReason, "cause": Text.name(firing.cause),
    ]
  }
}

extension Schedule {
  /// Prints all about one schedule, the next occurrences included.
  func show(_ options: ClientOptions) throws {
    guard !options.json else { return try JSON.print(JSON.schedule(self)) }
    let upcoming = UpcomingOccurrences.list(self, count: 5).map { Text.time($0) }
    let facts = [
      ("schedule", scheduleID), ("fires", Text.timing(spec)), ("starts", spec?.start?.workflowType ?? "-"),
      ("overlap", Text.policy(spec?.overlapPolicy ?? .skip)), ("state", paused ? "paused" : "active"), ("note", note),
      ("waiting", buffered == 0 ? "" : "\(buffered)"), ("last", Text.time(lastAt)),
      ("next", upcoming.isEmpty ? "-" : upcoming.joined(separator: "\n            ")),
    ]
    for (name, value) in facts where !value.isEmpty { print(name.padding(12) + value) }
  }
}
