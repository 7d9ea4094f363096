import GRPC
import Messages
import Synchronization

/// One reflection stream: each question gets one answer, in order.
///
/// A client that does not read its answers is not asked for more questions.
final class ReflectionSession: RequestReceiver {
  private let index: ReflectionIndex
  private let call: ServerCall
  private let responses: ResponseStream<ServerReflectionResponse>
  /// The files that this stream has sent.
  private let sent = Mutex<Set<String>>([])

  init(index: ReflectionIndex, call: ServerCall, responses: ResponseStream<ServerReflectionResponse>) {
    self.index = index
    self.call = call
    self.responses = responses
  }

  func receive(_ message: ServerReflectionRequest) {
    let answer = sent.withLock { index.answer(message, sent: &$0) }
    let response = ServerReflectionResponse(
      validHost: message.host, originalRequest: message, messageResponse: answer)
    guard !responses.write(response) else { return }
    call.pauseReading()
    responses.onWritable { [call] in call.resumeReading() }
  }

  func end() {
    responses.finish()
  }

  func cancelled() {}
}
