import Glibc

/// A stretch of code on one thread whose work for event loops is handed over at its end: each loop that was given any is
/// woken once, and sees all of it together.
///
/// Without it a loop is woken by the first piece, and may run before the second is there: two writes instead of one.
package final class LoopHandover {
  private var loops: [ConnectionLoop] = []

  private init() {}

  /// Runs `body`, then wakes the loops. Within another one it does nothing of its own.
  package static func gathering(_ body: () -> Void) {
    guard current == nil else { return body() }
    let handover = LoopHandover()
    pthread_setspecific(key, Unmanaged.passUnretained(handover).toOpaque())
    body()
    pthread_setspecific(key, nil)
    for loop in handover.loops { loop.wake() }
  }

  /// The one that this thread is in.
  static var current: LoopHandover? {
    pthread_getspecific(key).map { Unmanaged<LoopHandover>.fromOpaque($0).takeUnretainedValue() }
  }

  /// The loop was given its first piece of work.
  func add(_ loop: ConnectionLoop) { loops.append(loop) }

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    precondition(pthread_key_create(&key, nil) == 0, "the process has no thread-specific keys left")
    return key
  }()
}
