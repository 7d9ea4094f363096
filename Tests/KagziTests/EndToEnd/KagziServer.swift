import Foundation
import Synchronization

/// A `kagzi dev` process of a test's own, on a free port of the loopback, with its data in a temporary folder.
final class KagziServer: Sendable {
  struct Failed: Error, CustomStringConvertible {
    var description: String
  }

  /// The binary beside the test bundle. Nil: it is not built.
  static var binary: URL? {
    let folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    let candidates = [
      ProcessInfo.processInfo.environment["KAGZI_BINARY"].map { URL(fileURLWithPath: $0) },
      folder.appendingPathComponent("kagzi"),
      URL(fileURLWithPath: FileManager.default.currentDirectoryPath).appendingPathComponent(".build/debug/kagzi"),
    ]
    return candidates.compactMap { $0 }.first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }

  let folder: URL
  private let options: [String]
  private let state: Mutex<(process: Process, address: String)>

  var address: String { state.withLock { $0.address } }

  /// Starts the server with options of its own; returns when it listens.
  init(_ options: String...) async throws {
    self.options = options
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("kagzi-server-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let started = try await Self.start(folder, listen: "127.0.0.1:0", options)
    state = Mutex(started)
  }

  /// Ends the process with this signal and starts it again at the same address.
  func restart(signal: Int32) async throws {
    let (old, address) = state.withLock { ($0.process, $0.address) }
    kill(old.processIdentifier, signal)
    await Self.ended(old)
    let started = try await Self.start(folder, listen: address, options)
    state.withLock { $0 = started }
  }

  /// Stops the server and removes its data.
  func stop() async {
    let process = state.withLock { $0.process }
    process.terminate()
    await Self.ended(process)
    try? FileManager.default.removeItem(at: folder)
  }

  private static func start(
    _ folder: URL, listen: String, _ options: [String]
  ) async throws -> (Process, String) {
    guard let binary else { throw Failed(description: "The kagzi binary is not built") }
    let process = Process()
    let output = Pipe()
    process.executableURL = binary
    process.arguments = ["dev", "--data-dir", folder.path, "--listen", listen] + options
    process.standardOutput = output
    let log = folder.appendingPathComponent("server.log")
    _ = FileManager.default.createFile(atPath: log.path, contents: nil)
    process.standardError = try FileHandle(forWritingTo: log)
    try process.run()
    for try await line in output.fileHandleForReading.lines {
      guard let range = line.range(of: "kagzi: listening on ") else { continue }
      // The rest of the output is read, so that the server never blocks on it.
      output.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
      return (process, String(line[range.upperBound...]))
    }
    let said = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
    throw Failed(description: "The server ended before it listened: \(said.suffix(2_000))")
  }

  private static func ended(_ process: Process) async {
    await withCheckedContinuation { continuation in
      DispatchQueue(label: "kagzi.test.wait").async {
        process.waitUntilExit()
        continuation.resume()
      }
    }
  }
}

extension FileHandle {
  /// Lines, as they come.
  fileprivate var lines: AsyncStream<String> {
    let (stream, continuation) = AsyncStream.makeStream(of: String.self)
    let rest = Mutex("")
    readabilityHandler = { handle in
      let data = handle.availableData
      if data.isEmpty {
        handle.readabilityHandler = nil
        return continuation.finish()
      }
      let lines = rest.withLock { rest in
        rest += String(decoding: data, as: UTF8.self)
        var lines = rest.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        rest = lines.removeLast()
        return lines
      }
      for line in lines { continuation.yield(line) }
    }
    return stream
  }
}
