internal import Foundation

/// The processes that `benchmarks/run` measures or measures with: `kagzi-bench COMMAND [argument] [--option value]…`.
///
/// Servers print one line `ready …` and run until SIGTERM; drivers print one line of JSON and end.
@main
enum KagziBench {
  static func main() async throws {
    let arguments = BenchArguments(Array(CommandLine.arguments.dropFirst()))
    switch arguments.command {
    case "cluster": try await ClusterHost.run(arguments)
    case "echo-server": try await EchoServer.run(arguments)
    case "echo-check": try await EchoCheck.run(arguments)
    case "worker": try await BenchWorker.run(arguments)
    case "throughput": try await ThroughputDriver.run(arguments)
    case "latency": try await LatencyDriver.run(arguments)
    case "saturate": try await Saturation.run(arguments)
    case "starts": try await StartsDriver.run(arguments)
    case "memo-start": try await MemoDriver.start(arguments)
    case "memo-wake": try await MemoDriver.wake(arguments)
    case "steadfast": try await SteadfastDriver.run(arguments)
    case "paced": try await PacedDriver.run(arguments)
    case "sleepers": try await Sleepers.run(arguments)
    case "start-latency": try await StartLatency.run(arguments)
    case "idle": try await IdleFleet.run(arguments)
    default:
      throw BenchError(
        "usage: kagzi-bench cluster|echo-server|echo-check|worker|throughput|saturate|latency|paced|starts|memo-start|memo-wake"
          + "|steadfast|sleepers|start-latency|idle …")
    }
  }
}

/// The command, its argument and its options.
struct BenchArguments {
  var command: String
  var argument: String
  private var options: [String: String] = [:]

  init(_ words: [String]) {
    command = words.first ?? ""
    argument = words.count > 1 ? words[1] : ""
    var rest = words.dropFirst(2)
    while let name = rest.popFirst(), let value = rest.popFirst() { options[name] = value }
  }

  func number(_ name: String, default value: Int) -> Int {
    options["--" + name].flatMap { Int($0) } ?? value
  }

  func text(_ name: String) -> String? { options["--" + name] }

  /// Every option as name and value, without the dashes.
  var settings: [String: String] {
    Dictionary(uniqueKeysWithValues: options.map { (String($0.key.drop { $0 == "-" }), $0.value) })
  }
}

/// What ends a measurement.
struct BenchError: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

/// Prints at once, so that the reader of a pipe sees it.
func say(_ line: String) {
  print(line)
  fflush(nil)
}
