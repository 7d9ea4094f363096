import Dispatch
package import GRPC
import Messages
import Synchronization

/// The test service: what a handler can do, in its smallest form.
package final class EchoService: Sendable {
  /// Calls that were seen to be cancelled.
  package let cancelled = Milestones()
  /// Calls that `Hold` has taken.
  package let taken = Milestones()
  private let held = Mutex<[Reply<RawBytes>]>([])

  package init() {}

  /// Answers the held calls, from another thread. Returns how many.
  package func releaseHeld() -> Int {
    let released = held.withLock { held in
      defer { held = [] }
      return held
    }
    DispatchQueue.global().async { for reply in released { reply.succeed(RawBytes("released")) } }
    return released.count
  }

  package func router() -> Router {
    var router = Router()
    router.unary(Echo.Unary.self) { request, call, responder in
      let metadata = Self.custom(call.metadata)
      responder.succeed(request, headers: metadata, trailers: metadata)
    }
    router.unary(Echo.Elsewhere.self) { request, call, responder in
      let reply = responder.detach()
      DispatchQueue.global().async { reply.succeed(request) }
    }
    router.unary(Echo.Fail.self) { request, call, responder in
      let code = StatusCode(rawValue: Int(request.bytes.first ?? 2)) ?? .unknown
      let message = String(decoding: request.bytes.dropFirst(), as: UTF8.self)
      responder.fail(Status(code, message, details: [8, UInt8(code.rawValue), 18, 1, 0x78]))
    }
    router.unary(Echo.Hold.self) { request, call, responder in
      let reply = responder.detach()
      call.onCancel { self.cancelled.add() }
      self.held.withLock { $0.append(reply) }
      self.taken.add()
    }
    router.unary(Echo.Release.self) { request, call, responder in
      responder.succeed(RawBytes(String(self.releaseHeld())))
    }
    router.unary(Echo.Forget.self) { request, call, responder in _ = consume responder }
    router.unary(Echo.CountCancelled.self) { request, call, responder in
      responder.succeed(RawBytes(String(self.cancelled.count)))
    }
    router.serverStreaming(Echo.Stream.self) { request, call, responses in
      let numbers = request.text.split(separator: " ").compactMap { Int($0) }
      guard numbers.count == 2 else { return responses.finish(Status(.invalidArgument, "want: count size")) }
      call.onCancel { self.cancelled.add() }
      Producer(left: numbers[0], message: RawBytes([UInt8](repeating: 7, count: numbers[1])), responses: responses)
        .produce()
    }
    router.serverStreaming(Echo.Merge.self) { request, call, responses in
      // From another thread while this one, the loop's, waits: so that nothing crosses before all is written.
      let allWritten = DispatchSemaphore(value: 0)
      DispatchQueue.global().async {
        for word in request.text.split(separator: " ") {
          if word.hasPrefix("+") {
            responses.merge(RawBytes(String(word.dropFirst())))
          } else {
            responses.write(RawBytes(String(word)))
          }
        }
        responses.finish()
        allWritten.signal()
      }
      allWritten.wait()
    }
    router.streaming(Echo.Collect.self) { call, responses in Collector(responses: responses) }
    router.streaming(Echo.Chat.self) { call, responses in Chatter(responses: responses, service: self, call: nil) }
    router.streaming(Echo.SlowChat.self) { call, responses in
      Chatter(responses: responses, service: self, call: call)
    }
    return router
  }

  private static func custom(_ metadata: Metadata) -> Metadata {
    var custom = Metadata()
    for entry in metadata.entries where entry.name.hasPrefix("x-") {
      switch entry.value {
      case .text(let text): custom.add(entry.name, text)
      case .bytes(let bytes): custom.add(entry.name, bytes: bytes)
      }
    }
    return custom
  }

}

/// Writes while the stream is writable, and goes on when it is again.
private final class Producer: Sendable {
  private let left: Mutex<Int>
  private let message: RawBytes
  private let responses: ResponseStream<RawBytes>

  init(left: Int, message: RawBytes, responses: ResponseStream<RawBytes>) {
    self.left = Mutex(left)
    self.message = message
    self.responses = responses
  }

  func produce() {
    while takeOne() {
      if !responses.write(message) { return responses.onWritable { self.produce() } }
    }
    responses.finish()
  }

  private func takeOne() -> Bool {
    left.withLock { left in
      guard left > 0 else { return false }
      left -= 1
      return true
    }
  }
}

private final class Collector: RequestReceiver {
  private let totals = Mutex((messages: 0, bytes: 0))
  private let responses: ResponseStream<RawBytes>

  init(responses: ResponseStream<RawBytes>) { self.responses = responses }

  func receive(_ message: RawBytes) {
    totals.withLock { totals in
      totals.messages += 1
      totals.bytes += message.bytes.count
    }
  }

  func end() {
    let totals = totals.withLock { $0 }
    responses.write(RawBytes("\(totals.messages) \(totals.bytes)"))
    responses.finish()
  }

  func cancelled() {}
}

private final class Chatter: RequestReceiver {
  private let responses: ResponseStream<RawBytes>
  private let service: EchoService
  private let call: ServerCall?

  init(responses: ResponseStream<RawBytes>, service: EchoService, call: ServerCall?) {
    self.responses = responses
    self.service = service
    self.call = call
  }

  func receive(_ message: RawBytes) {
    let isWritable = responses.write(message)
    guard let call, !isWritable else { return }
    call.pauseReading()
    responses.onWritable { call.resumeReading() }
  }

  func end() { responses.finish() }

  func cancelled() { service.cancelled.add() }
}
