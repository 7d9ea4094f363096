import GRPC
import Messages
import Synchronization

extension HealthEndpoint {
  /// How a service is now, and again whenever that changes, until the caller cancels or the server shuts down. A
  /// service that is not known is `SERVICE_UNKNOWN`, and may become known.
  func watch(_ request: HealthCheckRequest, _ call: ServerCall, _ responses: ResponseStream<HealthCheckResponse>) {
    let lastVersion = Mutex<UInt64>(0)
    let watch = status.watch(request.service) { update in
      switch update {
      case .status(let serving, let version):
        // Two changes at once may arrive in the wrong order: the later one counts.
        lastVersion.withLock { last in
          guard version > last else { return }
          last = version
          responses.write(HealthCheckResponse(status: serving))
        }
      case .ended:
        responses.finish(Status(.unavailable, "the server is shutting down; try another one"))
      }
    }
    guard let watch else {
      return responses.finish(Status(.resourceExhausted, "too many calls watch health; use Check instead"))
    }
    call.onCancel { [status] in status.stopWatching(watch) }
  }
}
