internal import GRPC
internal import Messages
internal import NIOPosix

/// `echo-check PORT`: whether the server there really echoes, so that a fast error is never measured.
enum EchoCheck {
  static func run(_ arguments: BenchArguments) async throws {
    let body = [UInt8](repeating: 0x6b, count: arguments.number("bytes", default: 64))
    let client = GRPCClient(
      targets: [GRPCTarget(host: "127.0.0.1", port: Int(arguments.argument) ?? 0)],
      group: MultiThreadedEventLoopGroup.singleton)
    let response = try await client.unary(
      EchoService.Unary.self, EchoRequest(body: body), deadline: .seconds(10), waitForReady: true)
    await client.close()
    guard response.body == body else { throw BenchError("the server does not echo") }
    say("ready \(response.body.count)")
  }
}
