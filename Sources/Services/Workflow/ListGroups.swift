internal import Engine
internal import GRPC
internal import Messages
internal import Store

extension Coordinator {
  internal func listGroups(
    _ request: ListGroupsRequest, _ call: ServerCall, _ responder: consuming Responder<ListGroupsResponse>
  ) {
    responder.answer { [self] in
      let size = try PageToken.size(request.pageSize)
      let after = try PageToken(request.pageToken)
      let run = try await findRun(namespace: request.namespace, runID: request.runID, workflowID: "")
      let rows = try await store.read(
        ListGroups(runID: run.runID, after: (after.sequence, after.key), limit: size + 1))
      let page = rows.prefix(size)
      let next = page.last.map { PageToken(sequence: $0.openedSequence, key: $0.group.key).text } ?? ""
      return ListGroupsResponse(
        groups: page.map { Messages.Group($0) }, nextPageToken: rows.count > size ? next : "")
    }
  }
}

extension Messages.Group {
  fileprivate init(_ row: ListGroups.Row) {
    self.init(
      key: row.group.key, strategy: Messages.GroupStrategy(rawValue: Int32(row.strategy.rawValue)),
      verdict: Messages.GroupVerdict(row.group.verdict), memberCount: UInt32(row.memberCount),
      succeeded: UInt32(row.group.succeeded), failed: UInt32(row.group.failed), quorum: UInt32(row.quorum),
      maxConcurrency: UInt32(row.maxConcurrency), winner: row.group.winner ?? "", parentStep: row.parentStep ?? "",
      openedAt: Timestamp(row.openedAt), resolvedAt: row.resolvedAt.map { Timestamp($0) },
      deadlineAt: row.deadlineAt.map { Timestamp($0) })
  }
}
