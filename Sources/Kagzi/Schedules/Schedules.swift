public import FoundationEssentials
internal import GRPC
internal import Messages

/// Runs started by the calendar: `kagzi.schedules`. Each occurrence fires once, whatever the number of coordinators.
public struct Schedules: Sendable {
  let client: Kagzi

  /// Creates a schedule. Throws `KagziError`: `invalid` for a cron field or a zone that does not exist, `alreadyExists`
  /// if there is one of this id.
  @discardableResult
  public func create(_ id: String, _ spec: ScheduleSpec) async throws -> ScheduleDescription {
    let request = CreateScheduleRequest(
      namespace: client.namespace, scheduleID: id, spec: spec.message(namespace: client.namespace))
    return try described(
      try await client.call(ScheduleService.CreateSchedule.self, request, isIdempotent: false).schedule)
  }

  /// Reads a schedule.
  public func get(_ id: String) async throws -> ScheduleDescription {
    let request = GetScheduleRequest(namespace: client.namespace, scheduleID: id)
    return try described(try await client.call(ScheduleService.GetSchedule.self, request).schedule)
  }

  /// All schedules, by id.
  public func list() async throws -> [ScheduleDescription] {
    var request = ListSchedulesRequest(namespace: client.namespace, pageSize: 1_000)
    var schedules: [ScheduleDescription] = []
    repeat {
      let response = try await client.call(ScheduleService.ListSchedules.self, request)
      schedules += response.schedules.map { ScheduleDescription($0) }
      request.pageToken = response.nextPageToken
    } while !request.pageToken.isEmpty
    return schedules
  }

  /// Replaces a schedule's definition.
  @discardableResult
  public func update(_ id: String, _ spec: ScheduleSpec) async throws -> ScheduleDescription {
    let request = UpdateScheduleRequest(
      namespace: client.namespace, scheduleID: id, spec: spec.message(namespace: client.namespace))
    return try described(try await client.call(ScheduleService.UpdateSchedule.self, request).schedule)
  }

  /// Deletes a schedule; runs it started go on.
  public func delete(_ id: String) async throws {
    _ = try await client.call(
      ScheduleService.DeleteSchedule.self, DeleteScheduleRequest(namespace: client.namespace, scheduleID: id))
  }

  /// Stops a schedule from firing.
  public func pause(_ id: String, note: String = "") async throws {
    _ = try await client.call(
      ScheduleService.PauseSchedule.self,
      PauseScheduleRequest(namespace: client.namespace, scheduleID: id, note: note))
  }

  /// Lets a paused schedule fire again.
  public func resume(_ id: String, note: String = "") async throws {
    _ = try await client.call(
      ScheduleService.ResumeSchedule.self,
      ResumeScheduleRequest(namespace: client.namespace, scheduleID: id, note: note))
  }

  /// Fires a schedule now; gives the run's id, empty if its overlap policy kept it back.
  public func trigger(_ id: String) async throws -> String {
    let request = TriggerScheduleRequest(namespace: client.namespace, scheduleID: id)
    return try await client.call(ScheduleService.TriggerSchedule.self, request, isIdempotent: false).runID
  }

  /// Fires the occurrences of a past span; gives how many.
  public func backfill(_ id: String, from start: Date, until end: Date) async throws -> Int {
    let request = BackfillScheduleRequest(
      namespace: client.namespace, scheduleID: id, from: Timestamp(start), until: Timestamp(end))
    return Int(try await client.call(ScheduleService.BackfillSchedule.self, request).fired)
  }

  /// Firings and skips, newest first.
  public func firings(_ id: String, limit: Int = 100) async throws -> [ScheduleFiring] {
    var request = ListScheduleFiringsRequest(
      namespace: client.namespace, scheduleID: id, pageSize: UInt32(clamping: min(max(limit, 1), 1_000)))
    var firings: [ScheduleFiring] = []
    repeat {
      let response = try await client.call(ScheduleService.ListScheduleFirings.self, request)
      firings += response.firings.map { ScheduleFiring($0) }
      request.pageToken = response.nextPageToken
    } while !request.pageToken.isEmpty && firings.count < limit
    return Array(firings.prefix(limit))
  }

  private func described(_ schedule: Schedule?) throws -> ScheduleDescription {
    guard let schedule else { throw KagziError(.other, "The coordinator answered without a schedule") }
    return ScheduleDescription(schedule)
  }
}

extension Kagzi {
  /// Runs started by the calendar.
  public var schedules: Schedules { Schedules(client: self) }
}
