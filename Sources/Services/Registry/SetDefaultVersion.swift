internal import GRPC
internal import Messages
internal import Store

extension Coordinator {
  internal func setDefaultVersion(
    _ request: SetDefaultVersionRequest, _ call: ServerCall, _ responder: consuming Responder<SetDefaultVersionResponse>
  ) {
    responder.answer { [self] in
      let type = try typeName(namespace: request.namespace, kind: request.kind, type: request.type)
      let version = try version(request.version)
      guard let isDeprecated = try await store.write(SetDefaultVersion(type: type, version: version)).first else {
        throw Status.versionNotRegistered(request.type, request.version)
      }
      guard !isDeprecated else { throw Status.versionDeprecated(request.type, request.version) }
      try await registryChanged()
      return SetDefaultVersionResponse()
    }
  }
}
