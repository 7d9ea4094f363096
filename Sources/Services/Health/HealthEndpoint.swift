package import GRPC
import Messages

/// `grpc.health.v1.Health`: whether a service of this server can be called.
package struct HealthEndpoint: Sendable {
  let status: ServiceHealth

  package init(status: ServiceHealth) {
    self.status = status
  }

  /// Registers Check and Watch.
  package func register(on router: inout Router) {
    router.unary(HealthService.Check.self) { request, _, responder in check(request, responder) }
    router.serverStreaming(HealthService.Watch.self) { request, call, responses in watch(request, call, responses) }
  }
}
