internal import Dispatch
internal import Foundation

/// Each coming of a Unix signal, instead of its default effect.
final class SignalStream {
  let signals: AsyncStream<Void>
  private let source: any DispatchSourceSignal

  init(_ number: Int32) {
    let (stream, continuation) = AsyncStream<Void>.makeStream()
    signals = stream
    signal(number, SIG_IGN)
    source = DispatchSource.makeSignalSource(signal: number, queue: .global())
    source.setEventHandler { continuation.yield() }
    source.resume()
  }

  func close() { source.cancel() }
}
