internal import Engine
internal import GRPC
internal import Messages

extension Coordinator {
  internal func getServerInfo(
    _ request: GetServerInfoRequest, _ call: ServerCall, _ responder: consuming Responder<GetServerInfoResponse>
  ) {
    responder.succeed(
      GetServerInfoResponse(
        version: KagziVersion.current, coordinatorID: id.description,
        startedAt: Timestamp(seconds: Int64(startedAtMilliseconds / 1_000)), schemaVersion: schemaVersion,
        maxPayloadBytes: UInt64(limits.maxPayloadBytes), maxMessageBytes: UInt64(limits.maxMessageBytes)))
  }
}
