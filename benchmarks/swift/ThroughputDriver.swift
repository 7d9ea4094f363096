internal import GRPC
internal import Messages
internal import NIOPosix

/// `throughput ADDRESS --count N --in-flight M --workflow NAME --input I --bytes B --namespace X`: starts workflows (of one
/// activity, if none is named) that give their input back, and waits for each one's result, M at a time. Prints the seconds
/// from the first start to the last result, and what one took meanwhile in milliseconds.
///
/// With `--bytes` the input is a JSON text of so many bytes, which no database makes smaller.
enum ThroughputDriver {
  static func run(_ arguments: BenchArguments) async throws {
    let client = GRPCClient(targets: try targets(arguments.argument), group: MultiThreadedEventLoopGroup.singleton)
    let count = arguments.number("count", default: 20_000)
    let driver = PipelinedStarts(client: client, load: load(arguments), count: count)
    let clock = ContinuousClock()
    let begin = clock.now
    let samples = try await driver.run()
    let seconds = begin.duration(to: clock.now) / .seconds(1)
    await client.close()
    say("{\"seconds\": \(seconds), \(Percentiles(samples).json)}")
  }

  static func load(_ arguments: BenchArguments) -> PipelinedStarts.Load {
    let bytes = arguments.number("bytes", default: 0)
    let input =
      bytes > 0
      ? "\"" + noise(max(0, bytes - 2)) + "\"" : "\(arguments.number("input", default: 1))"
    return PipelinedStarts.Load(
      namespace: arguments.text("namespace") ?? "",
      workflow: arguments.text("workflow") ?? (bytes > 0 ? BenchWorkflows.payload : BenchWorkflows.one),
      input: Array(input.utf8), inFlight: arguments.number("in-flight", default: 1_000))
  }

  /// So many letters and digits in no order, the same at each call.
  static func noise(_ count: Int) -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    var state: UInt64 = 1
    let text = (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return letters[Int(state >> 58)]
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// One address, or several with commas between.
  static func targets(_ addresses: String) throws -> [GRPCTarget] {
    try addresses.split(separator: ",").map { try target(String($0)) }
  }

  static func target(_ address: String) throws -> GRPCTarget {
    let parts = address.split(separator: ":")
    guard parts.count == 2, let port = Int(parts[1]) else { throw BenchError("\(address) is no host:port") }
    return GRPCTarget(host: String(parts[0]), port: port)
  }
}
