/// The run's own random numbers: seeded by the coordinator, the same on every replay.
public struct WorkflowRandom: RandomNumberGenerator, Sendable {
  let run: RunExecution

  public func next() -> UInt64 {
    run.nextRandom()
  }
}
