import Messages
import Synchronization
import Testing

@testable import Services

@Suite("Health is known by service and told to watchers")
struct ServiceHealthTests {
  /// What a watcher was told.
  final class Told: Sendable {
    private let updates = Mutex<[String]>([])

    var all: [String] { updates.withLock { $0 } }

    func observe(_ update: HealthUpdate) {
      switch update {
      case .status(let serving, _): updates.withLock { $0.append("\(serving)") }
      case .ended: updates.withLock { $0.append("ended") }
      }
    }
  }

  @Test("Every service begins as not serving; one that was not named is not known")
  func beginning() {
    let health = ServiceHealth(services: ["a"])
    #expect(health.status(of: "") == .notServing)
    #expect(health.status(of: "a") == .notServing)
    #expect(health.status(of: "b") == nil)
  }

  @Test("A watcher is told the status at once and then each change, not each setting")
  func watching() throws {
    let (health, told) = (ServiceHealth(services: ["a"]), Told())
    let watch = try #require(health.watch("a", told.observe))
    for serving in [ServiceHealth.Serving.serving, .serving, .notServing] { health.set("a", serving) }
    health.set("b", .serving)
    #expect(told.all == ["notServing", "serving", "notServing"])
    health.stopWatching(watch)
    health.set("a", .serving)
    #expect(told.all.count == 3)
  }

  @Test("A service that is not known yet can be watched until it is")
  func unknown() throws {
    let (health, told) = (ServiceHealth(), Told())
    _ = try #require(health.watch("later", told.observe))
    health.set("later", .serving)
    #expect(told.all == ["serviceUnknown", "serving"])
  }

  @Test("Shutting down ends every watch and is final")
  func shutDown() throws {
    let (health, told, late) = (ServiceHealth(services: ["a"]), Told(), Told())
    health.setAll(.serving)
    _ = try #require(health.watch("a", told.observe))
    health.shutDown()
    health.set("a", .serving)
    #expect(told.all == ["serving", "notServing", "ended"])
    #expect(health.status(of: "a") == .notServing)
    _ = health.watch("a", late.observe)
    #expect(late.all == ["ended"])
  }

  @Test("There is a limit to watchers, and who stops watching makes room")
  func limit() throws {
    let health = ServiceHealth()
    let watches = (0..<ServiceHealth.watcherLimit).map { _ in health.watch("") { _ in } }
    let refused = Told()
    #expect(health.watch("", refused.observe) == nil)
    #expect(refused.all.isEmpty)
    health.stopWatching(try #require(watches[0]))
    #expect(health.watch("") { _ in } != nil)
  }
}
