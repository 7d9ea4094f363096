internal import Dispatch
internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Calls back on SIGTERM and SIGINT while it lives. The signals' default action comes back with the last one's end.
final class StopSignals: Sendable {
  private static let listeners = Mutex(0)
  private static let signals = [SIGTERM, SIGINT]
  private let sources: Mutex<[any DispatchSourceSignal]>

  init(_ stop: @escaping @Sendable () -> Void) {
    Self.listeners.withLock { count in
      if count == 0 { for number in Self.signals { _ = signal(number, SIG_IGN) } }
      count += 1
    }
    var sources: [any DispatchSourceSignal] = []
    for number in Self.signals {
      let source = DispatchSource.makeSignalSource(signal: number, queue: DispatchQueue(label: "kagzi.worker.signals"))
      source.setEventHandler(handler: stop)
      source.resume()
      sources.append(source)
    }
    self.sources = Mutex(sources)
  }

  /// Stops listening.
  func cancel() {
    let sources = self.sources.withLock { sources in
      defer { sources = [] }
      return sources
    }
    guard !sources.isEmpty else { return }
    for source in sources { source.cancel() }
    Self.listeners.withLock { count in
      count -= 1
      if count == 0 { for number in Self.signals { _ = signal(number, SIG_DFL) } }
    }
  }
}
