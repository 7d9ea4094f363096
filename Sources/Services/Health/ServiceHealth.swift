package import Messages
import Synchronization

/// Which services can be called now, and who wants to know when that changes.
///
/// The empty name is the server as a whole. Set from anywhere; a status that is set again unchanged tells nobody.
package final class ServiceHealth: Sendable {
  package typealias Serving = HealthCheckResponse.ServingStatus

  /// Tells a watcher of a status; called without a lock held, and with later versions for later statuses.
  typealias Observer = @Sendable (HealthUpdate) -> Void

  /// Watchers at once; one more is refused.
  static let watcherLimit = 10_000

  private struct State {
    var statuses: [String: Serving]
    var watchers: [String: [UInt64: Observer]] = [:]
    var watcherCount = 0
    var version: UInt64 = 0
    var isShutDown = false
  }

  private let state: Mutex<State>

  /// Everything named, and the server as a whole, begins as `notServing`.
  package init(services: [String] = []) {
    let names = services + [""]
    state = Mutex(State(statuses: Dictionary(names.map { ($0, .notServing) }) { first, _ in first }))
  }

  /// Makes a service known, if it is not, and sets its status. Without effect after `shutDown`.
  package func set(_ service: String, _ serving: Serving) {
    let (update, observers) = state.withLock { state -> (HealthUpdate, [Observer]) in
      guard !state.isShutDown, state.statuses[service] != serving else { return (.status(serving, version: 0), []) }
      state.statuses[service] = serving
      state.version += 1
      return (.status(serving, version: state.version), Array(state.watchers[service, default: [:]].values))
    }
    for observer in observers { observer(update) }
  }

  /// Sets every known service and the server as a whole.
  package func setAll(_ serving: Serving) {
    for service in state.withLock({ Array($0.statuses.keys) }) { set(service, serving) }
  }

  /// The status of a service; nil if it is not known.
  package func status(of service: String) -> Serving? {
    state.withLock { $0.statuses[service] }
  }

  /// The same, told in one word.
  package func setAll(isServing: Bool) { setAll(isServing ? .serving : .notServing) }

  /// Everything is `notServing` from now on, and every watcher is told that watching has ended, so that no watch keeps
  /// a draining server from closing.
  package func shutDown() {
    setAll(.notServing)
    let observers = state.withLock { state -> [Observer] in
      state.isShutDown = true
      defer { state.watchers = [:] }
      return state.watchers.values.flatMap(\.values)
    }
    for observer in observers { observer(.ended) }
  }

  /// Tells `observer` the status now and after each change, until `stopWatching`. Nil: there are too many watchers.
  func watch(_ service: String, _ observer: @escaping Observer) -> HealthWatch? {
    let (watch, first) = state.withLock { state -> (HealthWatch?, HealthUpdate) in
      guard state.watcherCount < Self.watcherLimit else { return (nil, .ended) }
      state.version += 1
      let watch = HealthWatch(service: service, id: state.version)
      guard !state.isShutDown else { return (watch, .ended) }
      state.watcherCount += 1
      state.watchers[service, default: [:]][watch.id] = observer
      return (watch, .status(state.statuses[service] ?? .serviceUnknown, version: state.version))
    }
    if watch != nil { observer(first) }
    return watch
  }

  func stopWatching(_ watch: HealthWatch) {
    state.withLock { state in
      guard state.watchers[watch.service]?.removeValue(forKey: watch.id) != nil else { return }
      state.watcherCount -= 1
      if state.watchers[watch.service]?.isEmpty == true { state.watchers[watch.service] = nil }
    }
  }
}

/// What a watcher is told.
enum HealthUpdate: Sendable {
  /// The status, and a number that is higher for a later status.
  case status(ServiceHealth.Serving, version: UInt64)
  /// Nothing more will come: the server is shutting down.
  case ended
}

/// Proof of one watch, to end it with.
struct HealthWatch: Sendable, Hashable {
  let service: String
  let id: UInt64
}
