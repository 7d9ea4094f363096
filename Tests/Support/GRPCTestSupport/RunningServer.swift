package import GRPC
import NIOCore
package import NIOPosix

/// A server of the test service on a free port of the loopback, and clients of it.
package struct RunningServer: Sendable {
  package let service: EchoService
  package let server: GRPCServer
  package let target: GRPCTarget
  package let group: MultiThreadedEventLoopGroup

  /// Runs `body` with a server, then closes it.
  package static func with(
    limits: ServerLimits = ServerLimits(), port: Int = 0, tls: ServerTLS? = nil,
    _ body: (RunningServer) async throws -> Void
  ) async throws {
    let group = MultiThreadedEventLoopGroup.singleton
    let service = EchoService()
    let server = GRPCServer(router: service.router(), limits: limits, group: group)
    let address = try await server.listen(host: "127.0.0.1", port: port, tls: tls)
    let target = GRPCTarget(host: "127.0.0.1", port: address.port!)
    do {
      try await body(RunningServer(service: service, server: server, target: target, group: group))
    } catch {
      await server.close()
      throw error
    }
    await server.close()
  }

  /// Runs `body` with a client of this server, then closes it.
  package func withClient(
    limits: ClientLimits = ClientLimits(), tls: ClientTLS? = nil, _ body: (GRPCClient) async throws -> Void
  ) async throws {
    let client = GRPCClient(targets: [target], tls: tls, limits: limits, group: group)
    do {
      try await body(client)
    } catch {
      await client.close()
      throw error
    }
    await client.close()
  }
}
