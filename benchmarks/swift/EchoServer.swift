internal import GRPC
internal import Messages
internal import NIOCore
internal import NIOPosix

/// `echo-server`: the echo service over the coordinator's own RPC layer, answered on the event loop. `ready PORT`.
enum EchoServer {
  static func run(_ arguments: BenchArguments) async throws {
    let termination = Termination()
    var router = Router()
    router.unary(EchoService.Unary.self) { request, _, responder in
      responder.succeed(EchoResponse(body: request.body, sequence: 1, leaf: request.leaf))
    }
    let group = MultiThreadedEventLoopGroup(numberOfThreads: arguments.number("loops", default: 1))
    let server = GRPCServer(router: router, group: group)
    let address = try await server.listen(host: "127.0.0.1", port: 0, tls: nil)
    say("ready \(address.port ?? 0)")
    await termination.wait()
    await server.drain(gracePeriod: .seconds(1))
    try await group.shutdownGracefully()
  }
}
