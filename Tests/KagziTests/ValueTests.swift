import Foundation
import GRPC
import Messages
import Testing

@testable import Kagzi

@Suite("Values")
struct ValueTests {
  struct Order: Codable, Equatable, Sendable {
    var id: String
    var amount: Double
    var at: Date
  }

  @Test("checklist 2: a Codable value goes through JSON and back")
  func json() throws {
    let order = Order(id: "a/b", amount: 9.5, at: Date(timeIntervalSince1970: 1_700_000_000.25))
    let payload = try PayloadCoding.encode(order)
    #expect(payload.encoding == "json")
    #expect(String(decoding: payload.data, as: UTF8.self).contains("\"2023-11-14T22:13:20.250Z\""))
    #expect(try PayloadCoding.decode(Order.self, from: payload) == order)
  }

  @Test("bytes go as they are")
  func bytes() throws {
    #expect(try PayloadCoding.encode([1, 2, 3] as [UInt8]) == Payload(data: [1, 2, 3], encoding: "bytes"))
    #expect(try PayloadCoding.encode(Data([1, 2])) == Payload(data: [1, 2], encoding: "bytes"))
    #expect(try PayloadCoding.decode([UInt8].self, from: Payload(data: [4], encoding: "")) == [4])
    #expect(try PayloadCoding.decode(Data.self, from: Payload(data: [4], encoding: "bytes")) == Data([4]))
  }

  @Test("nothing is null")
  func null() throws {
    #expect(try PayloadCoding.encode(NoValue()).encoding == "null")
    #expect(try PayloadCoding.decode(Int?.self, from: nil) == nil)
    #expect(throws: StepError.self) { try PayloadCoding.decode(Int.self, from: nil) }
  }

  @Test("checklist 8: the policies have the guide's numbers")
  func policies() {
    #expect(RetryPolicy.none().maxAttempts == 1)
    #expect(RetryPolicy.fixed() == .fixedWith(ms: 5_000, attempts: 3))
    #expect(RetryPolicy.fixed().message.multiplier == 1)
    let exponential = RetryPolicy.exponential().message
    #expect(exponential.maxAttempts == 5)
    #expect(exponential.initialInterval == ProtoDuration(seconds: 1, nanos: 0))
    #expect(exponential.maxInterval == ProtoDuration(seconds: 3600, nanos: 0))
    #expect(exponential.multiplier == 2 && exponential.jitter == 0.25)
    let kinds = RetryPolicy.fixed().retryPredicate(.onErrorKind([.timeout])).message
    #expect(kinds.predicate == .onErrorKind && kinds.kinds == [.timeout])
  }

  @Test("checklist 10: errors of the platform map to kinds")
  func kinds() {
    #expect(StepError(recording: CancellationError()).kind == .cancelled)
    #expect(StepError(recording: URLError(.timedOut)).kind == .timeout)
    #expect(StepError(recording: URLError(.cannotConnectToHost)).kind == .networkError)
    #expect(StepError(recording: POSIXError(.ECONNREFUSED)).kind == .networkError)
    #expect(StepError(recording: POSIXError(.ETIMEDOUT)).kind == .timeout)
    #expect(StepError(recording: Status(.unavailable)).kind == .serviceUnavailable)
    #expect(StepError(recording: DuplicateStepName(name: "x")).kind == .invalidInput)
    struct Other: Error {}
    #expect(StepError(recording: OwnError()).kind == .databaseError)
    #expect(StepError(recording: Other()).kind == .unknown)
    #expect(StepError(recording: StepError(.timeout, "kept")) == StepError(.timeout, "kept"))
  }

  @Test("checklist 10: a step error survives the wire")
  func failure() {
    let error = StepError(
      .rateLimited, "slow", source: "api", context: ["a": "b"], retryable: false, retryAfter: .milliseconds(1500),
      code: "429", details: RawPayload(data: [1]), causes: [.init(.timeout, "late")])
    #expect(StepError(error.failure) == error)
    #expect(!error.isRetryable)
    #expect(StepError(.unknown, "a\u{0}b").failure.message == "a\u{FFFD}b")
  }

  @Test(
    "addresses",
    arguments: [
      ("127.0.0.1:7480", "127.0.0.1", 7480), ("host", "host", 7480), ("[::1]:9", "::1", 9), ("[::1]", "::1", 7480),
      ("http://host:80/", "host", 80), ("https://host", "host", 7480),
    ])
  func addresses(text: String, host: String, port: Int) throws {
    let address = try Address(text)
    #expect(address.host == host && address.port == port && address.wantsTLS == text.hasPrefix("https:"))
  }

  @Test("addresses that are none", arguments: ["", "host:", "host:0", "host:70000", ":80", "[::1", "[::1]x"])
  func badAddresses(text: String) {
    #expect(throws: KagziError.self) { try Address(text) }
  }

  @Test("the least recently suspended run leaves first")
  func suspended() {
    var runs = SuspendedRuns(limit: 2)
    _ = runs.insert("a")
    _ = runs.insert("b")
    let wasThere = runs.remove("a")
    #expect(wasThere)
    _ = runs.insert("a")
    let leaving = runs.insert("c")
    #expect(leaving == "b")
    let isThere = runs.remove("b")
    #expect(!isThere)
    for number in 0..<1_000 { _ = runs.insert("\(number % 7)") }
    #expect(runs.count == 2)
  }
}
