internal import GRPC
internal import Logging
internal import Messages
internal import Synchronization

extension WorkSession {
  /// Registers the worker; waits as long as the coordinator cannot be reached.
  func register() async throws {
    var backoff = Backoff()
    while true {
      do {
        let response = try await coordinator.register(registration)
        return state.withLock { state in
          state.sessionID = response.sessionID
          state.adopt(limits: response.limits, heartbeatInterval: response.heartbeatInterval)
        }
      } catch  where error.isTransient {
        logger.warning("The coordinator cannot be reached; trying again", metadata: ["error": "\(error)"])
        try await Task.sleep(for: backoff.next())
      } catch {
        throw WorkerError.refused(KagziError(error))
      }
    }
  }

  /// Keeps the stream open until the task is cancelled.
  func stayConnected() async throws {
    startBeats()
    var backoff = Backoff()
    while !Task.isCancelled {
      let ending = await connectOnce()
      if Task.isCancelled { return }
      if state.withLock({ $0.isWelcomed }) { backoff.reset() }
      logger.debug("The work stream ended", metadata: ["status": "\(ending)"])
      if let lost: SessionLost = ending.detail() {
        logger.warning("The session is lost; registering again", metadata: ["reason": "\(lost.reason)"])
        abandonEverything()
        try await register()
      } else if ending.code == .unauthenticated || ending.code == .permissionDenied || ending.code == .unimplemented {
        throw WorkerError.refused(KagziError(ending))
      } else if ending.code == .failedPrecondition || ending.code == .notFound {
        abandonEverything()
        try await register()
      }
      try await Task.sleep(for: backoff.next())
    }
  }

  /// One stream from its beginning to its end.
  private func connectOnce() async -> Status {
    let (endings, ending) = AsyncStream.makeStream(of: Status.self)
    let (epoch, hello) = state.withLock { state in
      state.epoch += 1
      state.isWelcomed = false
      state.lastReceived = ContinuousClock.now
      return (
        state.epoch,
        Hello(
          workerID: configuration.workerID, sessionID: state.sessionID, heldTokens: state.heldTokens, takesBatches: true
        )
      )
    }
    do {
      let opening = Opening()
      let stream = try await coordinator.openWork(
        received: { response in self.received(response, epoch, opening) }, closed: { ending.yield($0) })
      defer { change { $0.stream = nil } }
      defer { stream.cancel() }
      opening.stream = stream
      stream.send(WorkRequest(message: .hello(hello)))
      for await status in endings { return status }
      return Status(.cancelled, "The worker stopped")
    } catch {
      return error
    }
  }

  private var registration: RegisterWorkerRequest { Self.registration(of: registrations, by: configuration) }

  /// What the coordinator is told of a worker.
  static func registration(
    of registrations: Registrations, by configuration: WorkerConfiguration
  ) -> RegisterWorkerRequest {
    RegisterWorkerRequest(
      workerID: configuration.workerID, namespace: configuration.namespace, taskQueues: configuration.taskQueues,
      workflows: registrations.workflows.keys.map(\.typeVersion),
      activities: registrations.activities.keys.map(\.typeVersion),
      workflowSlots: UInt32(clamping: configuration.maxConcurrentWorkflows),
      activitySlots: UInt32(clamping: configuration.maxConcurrentActivities), hostname: configuration.hostname,
      pid: ProcessFacts.pid, sdkName: "kagzi-swift", sdkVersion: SDKVersion.current, labels: configuration.labels,
      leaseDuration: ProtoDuration(configuration.leaseDuration),
      heartbeatInterval: ProtoDuration(min(configuration.heartbeatInterval, configuration.leaseDuration / 3)))
  }
}

extension WorkSession.State {
  mutating func adopt(limits: WorkerLimits?, heartbeatInterval: ProtoDuration?) {
    if let limits {
      if limits.maxPayloadBytes > 0 { self.limits.maxPayloadBytes = Int(clamping: limits.maxPayloadBytes) }
      maxReports = Int(limits.maxReports)
      if limits.maxReportItems > 0 { self.limits.maxReportItems = Int(limits.maxReportItems) }
    }
    if let heartbeatInterval { self.heartbeatInterval = max(Duration(heartbeatInterval), .milliseconds(50)) }
  }
}

extension Status {
  /// Whether the same call may work later.
  var isTransient: Bool {
    switch code {
    case .unavailable, .deadlineExceeded, .resourceExhausted, .aborted, .internal, .unknown, .cancelled: true
    default: false
    }
  }
}
