internal import Engine
internal import GRPC
internal import Messages
internal import Store

extension Coordinator {
  internal func setRollout(
    _ request: SetRolloutRequest, _ call: ServerCall, _ responder: consuming Responder<SetRolloutResponse>
  ) {
    responder.answer { [self] in
      let type = try typeName(namespace: request.namespace, kind: request.kind, type: request.type)
      let weights = request.weights.map {
        RolloutWeight(version: Int32(clamping: $0.version), percent: $0.percent)
      }
      if let flaw = RolloutFlaw.first(in: weights) { throw Status.invalid("weights", flaw.reason) }
      if let flaw = try await store.write(SetRollout(type: type, weights: weights)).first {
        guard flaw.version > 0 else { throw Status.notFound(type.noun, request.type) }
        let version = UInt32(flaw.version)
        throw flaw.isDeprecated
          ? Status.versionDeprecated(request.type, version) : Status.versionNotRegistered(request.type, version)
      }
      try await registryChanged()
      return SetRolloutResponse()
    }
  }
}
