internal import Synchronization

/// Holds the stream for the messages that come on it: the first may come before the call that opened it returns.
final class Opening: Sendable {
  private let held = Mutex<(any WorkStream)?>(nil)

  var stream: (any WorkStream)? {
    get { held.withLock { $0 } }
    set { held.withLock { $0 = newValue } }
  }
}
