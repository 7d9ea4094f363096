package import Messages

/// The right and the duty to answer a unary call once: consumed by answering.
///
/// May be used from any thread; answers given off the event loop are gathered, so that many given together cost one hop
/// and one write a connection. Dropped without an answer, the call ends with INTERNAL. An answer to a call that is
/// over by then (cancelled, past its deadline) is ignored.
package struct Responder<Response: WireMessage>: ~Copyable, Sendable {
  private let call: ServerCall

  init(call: ServerCall) {
    self.call = call
  }

  deinit {
    call.dropReply(ifDuty: .responder)
  }

  /// Answers with a response and the status OK.
  package consuming func succeed(_ response: Response, headers: Metadata = [:], trailers: Metadata = [:]) {
    guard call.takeReply(from: .responder) else { return }
    call.reply(response, headers: headers, trailers: trailers)
  }

  /// Answers with an error status.
  package consuming func fail(_ status: Status, trailers: Metadata = [:]) {
    guard call.takeReply(from: .responder) else { return }
    call.finish(status, trailers: trailers)
  }

  /// Turns into a form that can be kept in queues and captured by escaping closures.
  package consuming func detach() -> Reply<Response> {
    _ = call.detachReply()
    return Reply(call: call)
  }
}

/// A responder that can be copied: still one answer. A second one traps in debug builds and is ignored in release.
/// When the last reference goes without an answer, the call ends with INTERNAL.
package final class Reply<Response: WireMessage>: Sendable {
  private let call: ServerCall

  init(call: ServerCall) {
    self.call = call
  }

  deinit {
    call.dropReply(ifDuty: .detached)
  }

  /// Answers with a response and the status OK.
  package func succeed(_ response: Response, headers: Metadata = [:], trailers: Metadata = [:]) {
    guard take() else { return }
    call.reply(response, headers: headers, trailers: trailers)
  }

  /// Answers with an error status.
  package func fail(_ status: Status, trailers: Metadata = [:]) {
    guard take() else { return }
    call.finish(status, trailers: trailers)
  }

  private func take() -> Bool {
    let isFirst = call.takeReply(from: .detached)
    assert(isFirst, "a call was answered twice")
    return isFirst
  }
}
