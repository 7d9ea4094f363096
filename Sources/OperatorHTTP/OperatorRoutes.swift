internal import Hummingbird
internal import HummingbirdCore
internal import Messages
internal import Meters
internal import Services

/// What answers which path. Everything else is 404.
internal struct OperatorRoutes: Sendable {
  let coordinator: Coordinator
  let dashboard: Dashboard

  init(coordinator: Coordinator, history: ThroughputHistory) {
    self.coordinator = coordinator
    dashboard = Dashboard(coordinator: coordinator, history: history)
  }

  var router: Router<BasicRequestContext> {
    let router = Router(options: .autoGenerateHeadEndpoints)
    router.get("healthz") { _, _ in healthz }
    router.get("readyz") { _, _ in await readyz() }
    router.get("metrics") { _, _ in metrics }
    router.get("/") { request, _ in
      await dashboard.respond(
        namespace: request.uri.queryParameters["namespace"].map(String.init) ?? "",
        isFragment: request.uri.queryParameters["part"] == "main")
    }
    return router
  }

  /// The process lives and answers; nothing else is looked at, so that a database that is away restarts nobody.
  private var healthz: Response { .text(.ok, "text/plain; charset=utf-8", "ok\n") }

  /// Whether calls should be sent here: the database answers and the coordinator is not stopping.
  private func readyz() async -> Response {
    let readiness = await Readiness.check(coordinator)
    return .text(readiness.isReady ? .ok : .serviceUnavailable, "application/json", readiness.json)
  }

  private var metrics: Response {
    .text(.ok, PrometheusText.contentType, PrometheusText.render(coordinator.metrics + ProcessMetrics.families))
  }
}

extension Response {
  /// A whole body, never cached and never taken for anything else than it says.
  static func text(
    _ status: HTTPResponse.Status, _ contentType: String, _ body: String,
    contentSecurityPolicy: String = "default-src 'none'"
  ) -> Response {
    Response(
      status: status,
      headers: [
        .contentType: contentType, .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
        .contentSecurityPolicy: contentSecurityPolicy,
      ],
      body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
  }
}
