import Foundation
import Testing

@testable import Kagzi

@Suite(
  "The Swift examples run", .withServer, .enabled(if: KagziServer.binary != nil), .serialized, .timeLimit(.minutes(2)))
struct ExampleTests {
  @Test("simple")
  func simple() async throws {
    let output = try await run("SimpleExample")
    #expect(output.contains("Hello, Ada!"))
  }

  @Test("order fulfilment, twice with one order id")
  func orderFulfilment() async throws {
    let output = try await run("OrderFulfilmentExample", "order-7")
    #expect(output.contains("validating order-7"))
    #expect(output.contains("attempt 2"))
    #expect(output.contains("shipped as track-order-7, paid by payment-order-7"))
    let again = try await run("OrderFulfilmentExample", "order-7")
    #expect(again.contains("shipped as track-order-7"))
  }

  /// Runs an example to its end; gives what it printed.
  private func run(_ name: String, _ arguments: String...) async throws -> String {
    guard let server = WithServer.current, let binary = KagziServer.binary else { return "" }
    let process = Process()
    let output = Pipe()
    process.executableURL = binary.deletingLastPathComponent().appendingPathComponent(name)
    process.arguments = [server.address] + arguments
    process.standardOutput = output
    try process.run()
    let text = await withCheckedContinuation { continuation in
      DispatchQueue(label: "kagzi.test.example").async {
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        continuation.resume(returning: String(decoding: data, as: UTF8.self))
      }
    }
    #expect(process.terminationStatus == 0)
    return text
  }
}
