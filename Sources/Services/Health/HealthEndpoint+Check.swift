import GRPC
import Messages

extension HealthEndpoint {
  /// How a service is now; NOT_FOUND when it is not known.
  func check(_ request: HealthCheckRequest, _ responder: consuming Responder<HealthCheckResponse>) {
    if let serving = status.status(of: request.service) {
      responder.succeed(HealthCheckResponse(status: serving))
    } else {
      responder.fail(Status(.notFound, "there is no service \(request.service) here"))
    }
  }
}
