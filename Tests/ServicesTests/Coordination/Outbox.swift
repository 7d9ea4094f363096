import GRPC
import Messages
import Synchronization

@testable import Services

/// Takes everything, and knows which tasks came.
internal final class Outbox: SessionOutbox {
  private let taken = Mutex<[[UInt8]]>([])

  var tokens: [[UInt8]] { taken.withLock { $0 } }

  func send(_ message: WorkResponse.Message) {
    if case .task(let task) = message { taken.withLock { $0.append(task.token) } }
  }

  func close(_ status: Status) {}
}
