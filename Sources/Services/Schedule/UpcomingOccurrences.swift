internal import Engine
package import Messages

/// The occurrences that a schedule has ahead, for showing them: computed where they are shown, by the same code that fires.
package enum UpcomingOccurrences {
  /// The next one and those after it; none of a paused schedule.
  package static func list(_ schedule: Schedule, count: Int) -> [Timestamp] {
    guard let spec = schedule.spec, let next = schedule.nextAt?.microseconds,
      let definition = try? ScheduleDefinition(spec, anchor: next, seed: 0)
    else { return [] }
    var occurrences = [next]
    while occurrences.count < count, let after = definition.timing.next(after: occurrences[occurrences.count - 1]) {
      occurrences.append(after)
    }
    return occurrences.map {
      Timestamp(
        seconds: floorDivide($0, 1_000_000), nanos: Int32(floorRemainder($0, 1_000_000)) * 1_000)
    }
  }
}
