internal import Foundation
internal import Messages

/// Contract values as JSON for programs: names as in the contract's Swift form, times as RFC 3339, JSON payloads inlined.
enum JSON {
  static func print(_ value: Any) throws {
    let data = try JSONSerialization.data(
      withJSONObject: value, options: [.sortedKeys, .withoutEscapingSlashes, .fragmentsAllowed, .prettyPrinted])
    Swift.print(String(decoding: data, as: UTF8.self))
  }

  /// One line, for streams.
  static func printLine(_ value: Any) throws {
    let data = try JSONSerialization.data(withJSONObject: value, options: [.sortedKeys, .withoutEscapingSlashes])
    Swift.print(String(decoding: data, as: UTF8.self))
    fflush(nil)
  }

  static func payload(_ payload: Payload?) -> Any {
    guard let payload else { return NSNull() }
    if payload.encoding == "null" { return NSNull() }
    if payload.encoding == "json",
      let value = try? JSONSerialization.jsonObject(with: Data(payload.data), options: .fragmentsAllowed)
    {
      return value
    }
    return ["encoding": payload.encoding, "base64": Data(payload.data).base64EncodedString()]
  }

  static func failure(_ failure: Failure?) -> Any {
    guard let failure else { return NSNull() }
    return ["kind": Text.name(failure.kind), "message": failure.message, "code": failure.code]
  }

  static func time(_ timestamp: Timestamp?) -> Any {
    if let timestamp { Text.rfc3339(timestamp) } else { NSNull() }
  }

  static func run(_ run: Run) -> [String: Any] {
    [
      "runId": run.runID, "workflowId": run.workflowID, "namespace": run.namespace, "workflowType": run.workflowType,
      "workflowVersion": Int(run.workflowVersion), "taskQueue": run.taskQueue, "status": Text.name(run.status),
      "statusReason": run.statusReason, "priority": Int(run.priority), "tags": run.tags, "attempt": Int(run.attempt),
      "createdAt": time(run.createdAt), "startedAt": time(run.startedAt), "closedAt": time(run.closedAt),
      "nextWakeAt": time(run.nextWakeAt), "cancelRequested": run.cancelRequested, "input": payload(run.input),
      "output": payload(run.output), "failure": failure(run.failure), "sequence": Int(run.sequence),
      "parentRunId": run.parentRunID, "parentStep": run.parentStep, "relatedRunId": run.relatedRunID,
    ]
  }

  static func step(_ step: Step) -> [String: Any] {
    [
      "key": step.key, "kind": Text.name(step.kind), "state": Text.name(step.state), "attempt": Int(step.attempt),
      "activityType": step.activityType, "activityVersion": Int(step.activityVersion), "taskQueue": step.taskQueue,
      "scheduledAt": time(step.scheduledAt), "startedAt": time(step.startedAt), "settledAt": time(step.settledAt),
      "dueAt": time(step.dueAt), "input": payload(step.input), "output": payload(step.output),
      "progress": payload(step.progress), "failure": failure(step.failure),
      "childRunId": step.childRunID, "signalName": step.signalName,
    ]
  }

  static func attempt(_ attempt: StepAttempt) -> [String: Any] {
    [
      "step": attempt.step, "attempt": Int(attempt.attempt), "workerId": attempt.workerID,
      "startedAt": time(attempt.startedAt), "endedAt": time(attempt.endedAt), "failure": failure(attempt.failure),
    ]
  }
}
