internal import GRPC
internal import Messages
internal import Store

extension Coordinator {
  internal func updateNamespace(
    _ request: UpdateNamespaceRequest, _ call: ServerCall, _ responder: consuming Responder<UpdateNamespaceResponse>
  ) {
    responder.answer { [self] in
      var update = UpdateNamespace(namespace: try name(request.name, "name"))
      if let description = request.description { update.description = try namespaceDescription(description) }
      if let retention = request.retention {
        guard !retention.isNegative else { throw Status.invalid("retention", "must not be negative") }
        update.retentionMilliseconds = retention.milliseconds
      }
      return UpdateNamespaceResponse(namespace: Messages.Namespace(try await write(update)))
    }
  }

  internal func enableNamespace(
    _ request: EnableNamespaceRequest, _ call: ServerCall, _ responder: consuming Responder<EnableNamespaceResponse>
  ) {
    responder.answer { [self] in
      var update = UpdateNamespace(namespace: try name(request.name, "name"))
      update.isEnabled = true
      _ = try await write(update)
      return EnableNamespaceResponse()
    }
  }

  internal func disableNamespace(
    _ request: DisableNamespaceRequest, _ call: ServerCall, _ responder: consuming Responder<DisableNamespaceResponse>
  ) {
    responder.answer { [self] in
      var update = UpdateNamespace(namespace: try name(request.name, "name"))
      update.isEnabled = false
      _ = try await write(update)
      return DisableNamespaceResponse()
    }
  }

  private func write(_ update: UpdateNamespace) async throws -> NamespaceRow {
    guard let row = try await store.write(update).first else { throw Status.notFound("namespace", update.namespace) }
    try await registryChanged()
    return row
  }
}
