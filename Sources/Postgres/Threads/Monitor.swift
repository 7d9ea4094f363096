internal import Glibc

/// State behind a lock, and a way to wait until it changes: a POSIX mutex and condition, which Thread Sanitizer understands.
///
/// `@unchecked Sendable`: the state is touched only while the mutex is held, and both C objects live at a fixed address for
/// as long as the monitor.
package final class Monitor<State>: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var state: State

  package init(_ state: State) {
    self.state = state
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(condition, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Reads or changes the state; wakes nobody.
  package func withLock<Result>(_ body: (inout State) throws -> Result) rethrows -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body(&state)
  }

  /// Changes the state and wakes one waiter.
  package func withLockAndSignal<Result>(_ body: (inout State) throws -> Result) rethrows -> Result {
    defer { pthread_cond_signal(condition) }
    return try withLock(body)
  }

  /// Changes the state and wakes all waiters.
  package func withLockAndBroadcast<Result>(_ body: (inout State) throws -> Result) rethrows -> Result {
    defer { pthread_cond_broadcast(condition) }
    return try withLock(body)
  }

  /// Blocks the thread until `body` gives a value, asked at first and after each change; nil once the deadline passed.
  package func wait<Result>(
    until deadline: ContinuousClock.Instant? = nil, for body: (inout State) -> Result?
  ) -> Result? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = body(&state) { return result }
      guard let deadline else {
        pthread_cond_wait(condition, mutex)
        continue
      }
      guard var moment = monotonic(deadline) else { return nil }
      pthread_cond_timedwait(condition, mutex, &moment)
    }
  }

  /// The deadline on the condition's clock, or nil when it has passed.
  private func monotonic(_ deadline: ContinuousClock.Instant) -> timespec? {
    let left = ContinuousClock.now.duration(to: deadline)
    guard left > .zero else { return nil }
    var moment = timespec()
    clock_gettime(CLOCK_MONOTONIC, &moment)
    let nanoseconds = moment.tv_nsec + Int(left.components.attoseconds / 1_000_000_000)
    moment.tv_sec += Int(min(left.components.seconds, 86_400)) + nanoseconds / 1_000_000_000
    moment.tv_nsec = nanoseconds % 1_000_000_000
    return moment
  }
}
