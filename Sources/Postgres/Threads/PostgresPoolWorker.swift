internal import Logging

/// One thread of a pool: takes a job, makes sure of its connection, runs it.
internal struct PostgresPoolWorker: Sendable {
  let configuration: PostgresConfiguration
  let queue: Monitor<PostgresPool.State>
  let logger: Logger

  private enum Next {
    case job(PostgresJob)
    case stop
  }

  func run() {
    var connection: PostgresConnection?
    while true {
      let next = queue.wait { state -> Next? in
        if let job = state.take() { return .job(job) }
        return state.isStopping ? .stop : nil
      }
      guard case .job(let job) = next else { return }
      perform(job, on: &connection)
    }
  }

  private func perform(_ job: PostgresJob, on connection: inout PostgresConnection?) {
    var triesLeft = job.repeatsAfterLoss ? 2 : 1
    while true {
      let usable: PostgresConnection
      do {
        usable = try connect(&connection, until: job.deadline)
      } catch {
        return job.fail(error)
      }
      triesLeft -= 1
      guard let error = job.attempt(usable) else { return }
      if !usable.isUsable { connection = nil }
      guard triesLeft > 0, isLoss(error), .now < job.deadline else { return job.fail(error) }
    }
  }

  private func isLoss(_ error: any Error) -> Bool {
    guard let error = error as? PostgresError, error.code != .timedOut else { return false }
    return error.fault == .reconnect || error.fault == .fateUnknown
  }

  /// The connection, made anew with backoff until the job's deadline or the pool's end.
  private func connect(
    _ connection: inout PostgresConnection?, until deadline: ContinuousClock.Instant
  ) throws(PostgresError) -> PostgresConnection {
    if let connection, connection.isUsable { return connection }
    connection = nil
    var backoff = PostgresBackoff()
    while true {
      let failure: PostgresError
      do {
        let made = try PostgresConnection(configuration, logger: logger)
        connection = made
        return made
      } catch { failure = error }
      logger.debug("postgres is not reachable", metadata: ["error": "\(failure)"])
      guard .now < deadline else { throw failure }
      let pause = min(deadline, .now + backoff.next(random: .random(in: 0..<1)))
      let isStopping = queue.wait(until: pause) { $0.isStopping ? true : nil }
      if isStopping != nil { throw PostgresError(.stopped, "the pool is shut down", cause: failure) }
    }
  }
}
