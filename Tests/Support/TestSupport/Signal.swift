/// Values that arrive on any thread and are awaited in order: what tests use in place of a sleep.
package final class Signal<Value: Sendable>: Sendable {
  private let stream: AsyncStream<Value>
  private let continuation: AsyncStream<Value>.Continuation

  package init() { (stream, continuation) = AsyncStream.makeStream() }

  package func send(_ value: Value) { continuation.yield(value) }

  /// The next values, as many as asked for; awaited by one task at a time.
  package func next(_ count: Int = 1) async -> [Value] {
    var values: [Value] = []
    var iterator = stream.makeAsyncIterator()
    while values.count < count, let value = await iterator.next() { values.append(value) }
    return values
  }
}
