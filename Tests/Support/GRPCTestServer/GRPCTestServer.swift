import Dispatch
import GRPC
import GRPCTestSupport
import Glibc
import NIOCore
import NIOPosix

/// Serves the test service: `GRPCTestServer [--port N] [--loops N] [--certificate PEM --key PEM]`.
///
/// Prints `listening on PORT`. SIGTERM drains and exits 0.
@main
enum GRPCTestServer {
  static func main() async throws {
    let arguments = CommandLine.arguments
    func value(_ name: String) -> String? {
      arguments.firstIndex(of: name).flatMap { $0 + 1 < arguments.count ? arguments[$0 + 1] : nil }
    }
    let group = MultiThreadedEventLoopGroup(numberOfThreads: value("--loops").flatMap { Int($0) } ?? 1)
    let server = GRPCServer(router: EchoService().router(), group: group)
    var tls: ServerTLS?
    if let certificate = value("--certificate"), let key = value("--key") {
      tls = try ServerTLS(certificateChain: certificate, privateKey: key)
    }
    let (terminated, source) = terminationSignals()
    let address = try await server.listen(
      host: "127.0.0.1", port: value("--port").flatMap { Int($0) } ?? 0, tls: tls)
    print("listening on \(address.port!)")
    fflush(nil)
    for await _ in terminated { break }
    source.cancel()
    await server.drain(gracePeriod: .seconds(10))
    try await group.shutdownGracefully()
  }

  private static func terminationSignals() -> (AsyncStream<Void>, any DispatchSourceSignal) {
    signal(SIGTERM, SIG_IGN)
    let (stream, continuation) = AsyncStream<Void>.makeStream()
    let source = DispatchSource.makeSignalSource(signal: SIGTERM, queue: .global())
    source.setEventHandler { continuation.yield() }
    source.resume()
    return (stream, source)
  }
}
