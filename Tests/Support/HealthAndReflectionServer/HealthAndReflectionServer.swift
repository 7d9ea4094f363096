import Dispatch
import GRPC
import Glibc
import Messages
import NIOCore
import NIOPosix
import Services

/// Serves health and reflection and nothing else, on a free port of the loopback.
///
/// Prints `listening on PORT`. Each line on standard input is `set SERVICE STATUS` (`-` is the server as a whole) or
/// `shut-down`, answered by `done`; at its end the server drains and exits 0.
@main
enum HealthAndReflectionServer {
  static func main() async throws {
    let health = ServiceHealth(services: [WorkflowService.name])
    var router = Router()
    HealthEndpoint(status: health).register(on: &router)
    ReflectionEndpoint().register(on: &router)

    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let server = GRPCServer(router: router, group: group)
    let address = try await server.listen(host: "127.0.0.1", port: 0)
    say("listening on \(address.port!)")
    for await line in commands() {
      perform(line.split(separator: " "), health)
      say("done")
    }
    await server.drain(gracePeriod: .seconds(10))
    try await group.shutdownGracefully()
  }

  /// Not `print`: its buffer can only be flushed together with standard input, which another thread waits on.
  private static func say(_ line: String) {
    let bytes = Array("\(line)\n".utf8)
    _ = write(STDOUT_FILENO, bytes, bytes.count)
  }

  private static func perform(_ words: [Substring], _ health: ServiceHealth) {
    if words.first == "set", words.count == 3 {
      health.set(words[1] == "-" ? "" : String(words[1]), words[2] == "SERVING" ? .serving : .notServing)
    } else if words.first == "shut-down" {
      health.shutDown()
    }
  }

  /// The lines of standard input, read by a thread that may wait.
  private static func commands() -> AsyncStream<String> {
    AsyncStream { continuation in
      DispatchQueue(label: "commands").async {
        while let line = readLine() { continuation.yield(line) }
        continuation.finish()
      }
    }
  }
}
