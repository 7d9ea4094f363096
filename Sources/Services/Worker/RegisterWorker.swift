internal import Engine
internal import GRPC
internal import Messages
internal import Store

extension Coordinator {
  internal func registerWorker(
    _ request: RegisterWorkerRequest, _ call: ServerCall, _ responder: consuming Responder<RegisterWorkerResponse>
  ) {
    responder.answer { [self] in
      guard !isDraining else { throw Status(.unavailable, "the coordinator is stopping: connect to another") }
      let registration = try registration(request)
      _ = try await store.write(OpenSession(registration: registration))
      try await registry.refresh(from: store)
      peers.announce(.registry)
      let lease = Duration.milliseconds(registration.leaseMilliseconds)
      _ = attach(
        WorkerSession(
          id: registration.sessionID, workerID: registration.workerID, namespace: registration.namespace,
          keys: Self.keys(
            namespace: registration.namespace, queues: registration.taskQueues, workflows: registration.workflows,
            activities: registration.activities),
          lease: lease, heartbeat: .milliseconds(registration.heartbeatMilliseconds)))
      return RegisterWorkerResponse(
        sessionID: registration.sessionID.description, leaseDuration: ProtoDuration(lease),
        heartbeatInterval: ProtoDuration(milliseconds: registration.heartbeatMilliseconds), limits: workerLimits)
    }
  }

  internal var workerLimits: WorkerLimits {
    WorkerLimits(
      maxPayloadBytes: UInt64(limits.maxPayloadBytes), maxReportItems: UInt32(limits.maxReportItems),
      acceptTimeout: ProtoDuration(limits.acceptTimeout), maxReports: UInt32(limits.maxReports))
  }

  private func heartbeat(_ request: RegisterWorkerRequest, lease: Duration) -> Duration {
    guard let asked = request.heartbeatInterval?.duration, asked > .zero, asked <= lease / 3 else { return lease / 3 }
    return max(asked, .milliseconds(1))
  }

  private func registration(_ request: RegisterWorkerRequest) throws(Status) -> WorkerRegistration {
    let lease = request.leaseDuration?.duration ?? limits.defaultLease
    guard limits.leases.contains(lease) else {
      throw .invalid("lease_duration", "must be \(limits.leases.lowerBound) to \(limits.leases.upperBound)")
    }
    var queues: [String] = []
    for queue in request.taskQueues.isEmpty ? ["default"] : request.taskQueues {
      let queue = try name(queue, "task_queues")
      if !queues.contains(queue) { queues.append(queue) }
    }
    return WorkerRegistration(
      namespace: try namespace(request.namespace), workerID: try name(request.workerID, "worker_id"),
      sessionID: newID(), taskQueues: queues, workflows: try versions(request.workflows, "workflows"),
      activities: try versions(request.activities, "activities"),
      workflowSlots: Int32(clamping: request.workflowSlots == 0 ? 10 : request.workflowSlots),
      activitySlots: Int32(clamping: request.activitySlots == 0 ? 10 : request.activitySlots),
      hostname: request.hostname, pid: Int64(request.pid), sdkName: request.sdkName, sdkVersion: request.sdkVersion,
      labels: TagsJSON.encode(request.labels) ?? "{}", leaseMilliseconds: lease.milliseconds,
      heartbeatMilliseconds: heartbeat(request, lease: lease).wholeMilliseconds, coordinatorID: id)
  }

  private func versions(
    _ versions: [TypeVersion], _ field: String
  ) throws(Status) -> [(type: String, version: Int32)] {
    var result: [(type: String, version: Int32)] = []
    for entry in versions {
      let type = try name(entry.type, "\(field).type")
      guard entry.version <= Int32.max else { throw .invalid("\(field).version", "is too large") }
      let version = Int32(max(1, entry.version))
      if !result.contains(where: { $0 == (type, version) }) { result.append((type, version)) }
    }
    return result
  }
}
