internal import Glibc

/// A thread of the operating system, for calls that block: they never run on the cooperative pool.
package struct NativeThread: Sendable {
  private let handle: pthread_t

  /// Starts a thread that runs `body` once. It must be joined.
  ///
  /// - Parameter name: shown by the operating system; cut after 15 bytes.
  package init(name: String, _ body: @escaping @Sendable () -> Void) {
    let argument = Unmanaged.passRetained(Body(name: name, run: body)).toOpaque()
    var thread = pthread_t()
    let status = pthread_create(&thread, nil, runBody, argument)
    precondition(status == 0, "no thread could be started: errno \(status)")
    handle = thread
  }

  /// Blocks until the thread has ended; called once.
  package func join() { pthread_join(handle, nil) }

  /// Runs a blocking body on a thread of its own and suspends the task until it is done.
  package static func run<Result: Sendable>(
    name: String, _ body: @escaping @Sendable () throws -> Result
  ) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      let thread = NativeThread(name: name) { continuation.resume(with: Swift.Result { try body() }) }
      pthread_detach(thread.handle)
    }
  }
}

private final class Body: Sendable {
  let name: String
  let run: @Sendable () -> Void

  init(name: String, run: @escaping @Sendable () -> Void) {
    self.name = name
    self.run = run
  }
}

private let runBody: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
  guard let argument else { return nil }
  let body = Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
  nameThread(body.name)
  body.run()
  return nil
}

/// `pthread_setname_np` is not imported into Swift; the kernel's file does the same. A failure costs only the name.
private func nameThread(_ name: String) {
  let descriptor = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return }
  _ = write(descriptor, name, min(name.utf8.count, 15))
  close(descriptor)
}
