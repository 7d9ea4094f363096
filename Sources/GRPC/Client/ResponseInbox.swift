import Messages
import Synchronization

/// Responses on their way from the event loop to the one task that reads them.
final class ResponseInbox<Response: WireMessage>: Sendable {
  private struct State {
    var messages: [(message: Response, size: Int)] = []
    var first = 0
    var bytes = 0
    var wasFull = false
    var headers: Metadata?
    var end: (status: Status, trailers: Metadata)?
    var reader: CheckedContinuation<Void, Never>?
  }

  enum Taken {
    case message(Response, madeRoom: Bool)
    case end(Status)
    case nothing
  }

  private let limit: Int
  private let state = Mutex(State())

  init(limit: Int) {
    self.limit = limit
  }

  var trailers: Metadata? { state.withLock { $0.end?.trailers } }

  var headers: Metadata? { state.withLock { $0.headers } }

  // MARK: Reader

  func take() -> Taken {
    state.withLock { state in
      guard state.first < state.messages.count else { return state.end.map { .end($0.status) } ?? .nothing }
      let (message, size) = state.messages[state.first]
      state.first += 1
      if state.first == state.messages.count || state.first >= 1_024 {
        state.messages.removeSubrange(0..<state.first)
        state.first = 0
      }
      state.bytes -= size
      let madeRoom = state.wasFull && state.bytes <= limit / 2
      if madeRoom { state.wasFull = false }
      return .message(message, madeRoom: madeRoom)
    }
  }

  /// Waits until `take` gives something. Only one task may wait.
  func wait() async {
    await withCheckedContinuation { continuation in
      let isReady = state.withLock { state in
        if state.first < state.messages.count || state.end != nil { return true }
        precondition(state.reader == nil, "the responses of a call have one reader")
        state.reader = continuation
        return false
      }
      if isReady { continuation.resume() }
    }
  }

  // MARK: Event loop

  var isFull: Bool {
    state.withLock { state in
      if state.bytes > limit { state.wasFull = true }
      return state.wasFull
    }
  }

  func headers(_ metadata: Metadata) {
    state.withLock { $0.headers = metadata }
  }

  func add(_ message: Response, size: Int) {
    let reader = state.withLock { state in
      state.messages.append((message, size))
      state.bytes += size
      defer { state.reader = nil }
      return state.reader
    }
    reader?.resume()
  }

  func end(_ status: Status, trailers: Metadata) {
    let reader = state.withLock { state in
      if state.end == nil { state.end = (status, trailers) }
      defer { state.reader = nil }
      return state.reader
    }
    reader?.resume()
  }
}
