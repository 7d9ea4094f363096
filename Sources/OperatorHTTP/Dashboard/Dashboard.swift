internal import Engine
internal import Hummingbird
internal import Messages
internal import Services
internal import Synchronization

/// The page for operators. It renews its main part by itself; however many look at it, the database is asked once a second
/// at most, a namespace.
internal final class Dashboard: Sendable {
  /// What is read for one rendering.
  struct Content: Sendable {
    var health: CheckHealthResponse
    /// Nil: it could not be read.
    var overview: Overview?
  }

  private struct Reading {
    var begin: ContinuousClock.Instant
    var task: Task<Content, Never>
  }

  private static let freshness = Duration.seconds(1)
  private let coordinator: Coordinator
  private let history: ThroughputHistory
  private let readings = Mutex<[String: Reading]>([:])

  init(coordinator: Coordinator, history: ThroughputHistory) {
    self.coordinator = coordinator
    self.history = history
  }

  /// - Parameter isFragment: only the part that changes, for the page's own renewal.
  func respond(namespace: String, isFragment: Bool) async -> Response {
    let namespace = namespace.isEmpty ? "default" : namespace
    guard coordinator.namespaces.contains(namespace) else {
      return .text(.notFound, "text/plain; charset=utf-8", "there is no such namespace\n")
    }
    let content = await read(namespace)
    let view = DashboardView(
      namespace: namespace, namespaces: coordinator.namespaces, version: KagziVersion.current,
      coordinatorID: coordinator.id.description, isDraining: coordinator.isDraining, content: content,
      rates: history.rates)
    let nonce = Self.nonce()
    let body = isFragment ? view.main : view.page(nonce: nonce)
    return .text(
      .ok, "text/html; charset=utf-8", body.markup,
      contentSecurityPolicy: """
        default-src 'none'; style-src 'nonce-\(nonce)'; script-src 'nonce-\(nonce)'; connect-src 'self'; img-src data:; \
        base-uri 'none'; form-action 'none'; frame-ancestors 'none'
        """)
  }

  private func read(_ namespace: String) async -> Content {
    let task = readings.withLock { readings in
      if let reading = readings[namespace], .now - reading.begin < Self.freshness { return reading.task }
      let task = Task { [coordinator] in await Self.content(coordinator, namespace) }
      readings[namespace] = Reading(begin: .now, task: task)
      return task
    }
    return await task.value
  }

  private static func content(_ coordinator: Coordinator, _ namespace: String) async -> Content {
    let health = try? await coordinator.health(CheckHealthRequest(namespace: namespace))
    guard let health, health.findings.first?.status != .unhealthy else {
      return Content(health: health ?? CheckHealthResponse(status: .unhealthy), overview: nil)
    }
    return Content(health: health, overview: try? await coordinator.overview(of: namespace))
  }

  private static func nonce() -> String {
    var generator = SystemRandomNumberGenerator()
    return String(generator.next(), radix: 36) + String(generator.next(), radix: 36)
  }
}
