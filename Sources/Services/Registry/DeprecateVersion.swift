internal import Engine
internal import GRPC
internal import Messages
internal import Store

extension Coordinator {
  internal func deprecateVersion(
    _ request: DeprecateVersionRequest, _ call: ServerCall, _ responder: consuming Responder<DeprecateVersionResponse>
  ) {
    responder.answer { [self] in
      let type = try typeName(namespace: request.namespace, kind: request.kind, type: request.type)
      let version = try version(request.version)
      let deprecate = DeprecateVersion(type: type, version: version, isUndone: request.undo)
      guard let isDefault = try await store.write(deprecate).first else {
        throw Status.versionNotRegistered(request.type, request.version)
      }
      guard !isDefault || request.undo else { throw Status(VersionRefusal.isDefault(version), type: request.type) }
      try await registryChanged()
      return DeprecateVersionResponse()
    }
  }
}
