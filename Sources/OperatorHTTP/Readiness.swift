internal import Engine
internal import Foundation
internal import Services

/// Whether this coordinator should get calls, with the findings behind it.
internal struct Readiness: Sendable {
  struct Finding: Encodable, Sendable {
    var subject: String
    var status: String
    var message: String
    var evidence: [String: String]
  }

  private struct Body: Encodable {
    var ready: Bool
    var findings: [Finding]
  }

  var isReady: Bool
  var findings: [Finding]

  static func check(_ coordinator: Coordinator) async -> Readiness {
    let database = await coordinator.databaseHealth(coordinator.limits.health)
    let isDraining = coordinator.isDraining
    let findings = [
      Finding(
        subject: database.subject, status: database.level.name, message: database.message, evidence: database.evidence),
      Finding(
        subject: "coordinator", status: isDraining ? HealthLevel.unhealthy.name : HealthLevel.healthy.name,
        message: isDraining ? "it is stopping: calls go elsewhere" : "it takes calls",
        evidence: ["coordinator_id": coordinator.id.description, "sessions": "\(coordinator.sessionCount)"]),
    ]
    return Readiness(isReady: database.level < .unhealthy && !isDraining, findings: findings)
  }

  var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    guard let data = try? encoder.encode(Body(ready: isReady, findings: findings)) else { return "{}\n" }
    return String(decoding: data, as: UTF8.self) + "\n"
  }
}
