package import GRPC
import Messages

/// Server reflection, v1 and v1alpha: tells any client what can be called here.
package struct ReflectionEndpoint: Sendable {
  package init() {}

  /// Registers both versions. Call it last: it tells of the services that are registered by then, and of itself.
  package func register(on router: inout Router) {
    let services = router.registeredServices + [ReflectionService.name, ReflectionV1AlphaService.name]
    let index = ReflectionIndex(services: services)
    router.streaming(ReflectionService.ServerReflectionInfo.self) { call, responses in
      ReflectionSession(index: index, call: call, responses: responses)
    }
    router.streaming(ReflectionV1AlphaService.ServerReflectionInfo.self) { call, responses in
      ReflectionSession(index: index, call: call, responses: responses)
    }
  }
}
