internal import Engine
internal import GRPC
internal import Messages
internal import Postgres
internal import Store

extension Coordinator {
  internal func listRuns(
    _ request: ListRunsRequest, _ call: ServerCall, _ responder: consuming Responder<ListRunsResponse>
  ) {
    responder.answer { [self] in
      let size = try PageToken.size(request.pageSize)
      let before = request.pageToken.isEmpty ? nil : RunID(request.pageToken)
      if !request.pageToken.isEmpty, before == nil {
        throw Status.invalid("page_token", "was not made by this server")
      }
      let selection = try selection(request.filter, namespace: request.namespace)
      let rows = try await store.listRuns(selection, before: before, limit: size + 1)
      let page = rows.prefix(size)
      return ListRunsResponse(
        runs: page.map { Run($0, includesPayloads: false) },
        nextPageToken: rows.count > size ? page.last?.runID.description ?? "" : "")
    }
  }

  internal func countRuns(
    _ request: CountRunsRequest, _ call: ServerCall, _ responder: consuming Responder<CountRunsResponse>
  ) {
    responder.answer { [self] in
      let selection = try selection(request.filter, namespace: request.namespace)
      let rows = try await store.countRuns(selection)
      return CountRunsResponse(
        total: rows.reduce(0) { $0 + UInt64($1.count) },
        counts: rows.map { StatusCount(status: Messages.RunStatus(rawValue: $0.status), count: UInt64($0.count)) })
    }
  }

  internal func selection(_ filter: RunFilter?, namespace: String) throws(Status) -> RunSelection {
    var selection = RunSelection(namespace: try self.namespace(namespace))
    guard let filter else { return selection }
    selection.statuses = filter.statuses.map { Int16(clamping: $0.rawValue) }
    selection.workflowType = filter.workflowType.nonEmpty
    selection.workflowVersion = filter.workflowVersion.map { Int32(clamping: $0) }
    selection.workflowID = filter.workflowID.nonEmpty
    selection.workflowIDPrefix = filter.workflowIDPrefix.nonEmpty
    selection.taskQueue = filter.taskQueue.nonEmpty
    selection.tags = TagsJSON.encode(filter.tags)
    if !filter.parentRunID.isEmpty {
      guard let parent = RunID(filter.parentRunID) else {
        throw .invalid("filter.parent_run_id", "'\(filter.parentRunID)' is not a run id")
      }
      selection.parentRunID = parent
    }
    selection.createdAfter = try instant(filter.createdAfter, "filter.created_after")
    selection.createdBefore = try instant(filter.createdBefore, "filter.created_before")
    return selection
  }

  private func instant(_ timestamp: Timestamp?, _ field: String) throws(Status) -> PostgresTimestamp? {
    guard let timestamp else { return nil }
    guard let microseconds = timestamp.microseconds else {
      throw .invalid(field, "must be within the years 1 to 9999")
    }
    return PostgresTimestamp(microseconds: microseconds)
  }
}

extension String {
  internal var nonEmpty: String? { isEmpty ? nil : self }
}
