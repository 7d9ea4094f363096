internal import CLibpq
internal import Glibc
internal import Synchronization

/// Cancel requests under way in this process; each has a thread of its own because libpq's request blocks.
private let cancellations = Atomic<Int>(0)

/// Sends the cancel request and frees it; `argument` owns a `PGcancel`.
private let sendCancellation: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
  if let argument {
    var message = [CChar](repeating: 0, count: 256)
    // 0 = not sent; there is nothing more to do about it: the server notices by itself that its client is gone.
    _ = PQcancel(OpaquePointer(argument), &message, Int32(message.count))
    PQfreeCancel(OpaquePointer(argument))
  }
  cancellations.subtract(1, ordering: .relaxed)
  return nil
}

extension PostgresConnection {
  /// Asks the server to end what this connection waits for, without waiting for the request itself.
  internal func cancel() {
    guard cancellations.add(1, ordering: .relaxed).newValue <= PostgresLimits.cancellations,
      let request = PQgetCancel(handle)
    else {
      cancellations.subtract(1, ordering: .relaxed)
      return
    }
    var thread = pthread_t()
    guard pthread_create(&thread, nil, sendCancellation, UnsafeMutableRawPointer(request)) == 0 else {
      PQfreeCancel(request)
      cancellations.subtract(1, ordering: .relaxed)
      return
    }
    pthread_detach(thread)
  }
}
