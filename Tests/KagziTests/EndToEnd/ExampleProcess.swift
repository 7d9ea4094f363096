import Foundation
import Synchronization
import Testing

/// An example's process, and what it prints.
final class ExampleProcess: Sendable {
  private let process: Mutex<Process>
  private let output: Mutex<Pipe>

  /// Starts an example that stands beside the coordinator's binary.
  init(_ name: String, _ arguments: [String]) throws {
    let process = Process()
    let output = Pipe()
    guard let binary = KagziServer.binary else { throw KagziServer.Failed(description: "The binary is not built") }
    process.executableURL = binary.deletingLastPathComponent().appendingPathComponent(name)
    process.arguments = arguments
    process.standardOutput = output
    try process.run()
    self.process = Mutex(process)
    self.output = Mutex(output)
  }

  /// Asks it to end.
  func terminate() {
    process.withLock { $0.terminate() }
  }

  /// Waits for its end; gives what it printed. A status other than 0 is an issue; so is an example that does not end
  /// within a minute, which is killed.
  func end() async -> String {
    let (process, output) = (process.withLock { Sent($0) }, self.output.withLock { Sent($0) })
    let identifier = process.value.processIdentifier
    let watchdog = Task {
      try await Task.sleep(for: .seconds(60))
      kill(identifier, SIGKILL)
    }
    let text = await withCheckedContinuation { continuation in
      DispatchQueue(label: "kagzi.test.example").async {
        let data = output.value.fileHandleForReading.readDataToEndOfFile()
        process.value.waitUntilExit()
        continuation.resume(returning: String(decoding: data, as: UTF8.self))
      }
    }
    watchdog.cancel()
    #expect(process.value.terminationStatus == 0, "\(text)")
    return text
  }

  /// Runs an example to its end; gives what it printed.
  static func run(_ name: String, _ arguments: String...) async throws -> String {
    try await ExampleProcess(name, arguments).end()
  }

  /// Foundation's process and pipe may be used from any thread, one after the other.
  private struct Sent<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
  }
}
