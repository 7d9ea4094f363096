import Foundation
import GRPC
import GRPCTestSupport
import NIOCore
import NIOPosix
import Testing

@Suite(.timeLimit(.minutes(1))) struct ClientConnectionTests {
  /// A port of the loopback on which nothing listens.
  private func freePort() async throws -> Int {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .bind(host: "127.0.0.1", port: 0).get()
    let port = try #require(channel.localAddress?.port)
    try await channel.close()
    return port
  }

  private var quick: ClientLimits {
    var limits = ClientLimits()
    limits.firstBackoff = .milliseconds(20)
    limits.maxBackoff = .milliseconds(50)
    return limits
  }

  private func withClient(_ targets: [GRPCTarget], _ body: (GRPCClient) async throws -> Void) async throws {
    let client = GRPCClient(targets: targets, limits: quick, group: MultiThreadedEventLoopGroup.singleton)
    do {
      try await body(client)
    } catch {
      await client.close()
      throw error
    }
    await client.close()
  }

  @Test("a call to a server that is not there is UNAVAILABLE, and again during the pause")
  func notThere() async throws {
    let port = try await freePort()
    try await withClient([GRPCTarget(host: "127.0.0.1", port: port)]) { client in
      for _ in 0..<3 { await expect(.unavailable) { try await client.unary(Echo.Unary.self, RawBytes()) } }
    }
  }

  @Test("a call that waits for readiness waits until the server is there, or its deadline")
  func waits() async throws {
    let port = try await freePort()
    try await withClient([GRPCTarget(host: "127.0.0.1", port: port)]) { client async throws in
      await expect(.deadlineExceeded) {
        try await client.unary(Echo.Unary.self, RawBytes(), deadline: .milliseconds(100), waitForReady: true)
      }
      let call = Task { try await client.unary(Echo.Unary.self, RawBytes("late"), waitForReady: true) }
      await expect(.unavailable) { try await client.unary(Echo.Unary.self, RawBytes()) }
      try await RunningServer.with(port: port) { _ async throws in
        #expect(try await call.value.text == "late")
      }
    }
  }

  @Test("the next target is used when one is not there")
  func failover() async throws {
    let port = try await freePort()
    try await RunningServer.with { server in
      try await withClient([GRPCTarget(host: "127.0.0.1", port: port), server.target]) { client async throws in
        #expect(try await client.unary(Echo.Unary.self, RawBytes("x")).text == "x")
      }
    }
  }

  @Test("a lost server fails the calls in flight, and a new one is found")
  func reconnects() async throws {
    let port = try await freePort()
    try await withClient([GRPCTarget(host: "127.0.0.1", port: port)]) { client in
      for _ in 0..<3 {
        try await RunningServer.with(port: port) { server async throws in
          #expect(try await client.unary(Echo.Unary.self, RawBytes("x"), waitForReady: true).text == "x")
          let held = Task { try await client.unary(Echo.Hold.self, RawBytes()) }
          await server.service.taken.reach(1)
          await server.server.close()
          await expect(.unavailable) { try await held.value }
        }
      }
    }
  }

  @Test("a draining server lets calls finish while new calls go to the next server")
  func goAway() async throws {
    try await RunningServer.with { leaving in
      try await RunningServer.with { staying in
        try await withClient([leaving.target, staying.target]) { client async throws in
          let held = Task { try await client.unary(Echo.Hold.self, RawBytes()) }
          await leaving.service.taken.reach(1)
          let stream = client.streaming(Echo.Chat.self)
          var responses = stream.responses.makeAsyncIterator()
          stream.send(RawBytes("one"))
          var response = try await responses.next()
          #expect(response?.text == "one")

          async let drained: Void = leaving.server.drain(gracePeriod: .seconds(30))
          // Calls move to the other server when the client has heard.
          while staying.server.openConnections == 0 { _ = try await client.unary(Echo.Unary.self, RawBytes()) }
          #expect(leaving.server.openConnections == 1)
          stream.send(RawBytes("two"))
          response = try await responses.next()
          #expect(response?.text == "two")
          stream.finishSending()
          response = try await responses.next()
          #expect(response == nil)
          #expect(leaving.service.releaseHeld() == 1)
          #expect(try await held.value.text == "released")
          await drained
          #expect(leaving.server.openConnections == 0)
        }
      }
    }
  }

  @Test("no call is lost while servers drain and are replaced, one after the other")
  func rolling() async throws {
    let port = try await freePort()
    try await withClient([GRPCTarget(host: "127.0.0.1", port: port)]) { client in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<20 {
          group.addTask {
            for turn in 0..<100 {
              let message = RawBytes("\(number) \(turn)")
              let answer = try await client.unary(Echo.Elsewhere.self, message, waitForReady: true)
              #expect(answer == message)
            }
          }
        }
        group.addTask {
          for _ in 0..<5 {
            try await RunningServer.with(port: port) { server in
              _ = try await client.unary(Echo.Unary.self, RawBytes(), waitForReady: true)
              await server.server.drain(gracePeriod: .seconds(30))
            }
          }
          try await RunningServer.with(port: port) { server in
            for turn in 0..<500 { _ = try await client.unary(Echo.Unary.self, RawBytes("\(turn)"), waitForReady: true) }
          }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test("closing a client ends its calls with CANCELLED and refuses later ones")
  func close() async throws {
    try await RunningServer.with { server in
      let client = GRPCClient(targets: [server.target], group: server.group)
      let held = Task { try await client.unary(Echo.Hold.self, RawBytes()) }
      await server.service.taken.reach(1)
      await client.close()
      await expect(.cancelled) { try await held.value }
      await expect(.unavailable) { try await client.unary(Echo.Unary.self, RawBytes()) }
    }
  }

  @Test("a peer that accepts and says nothing is given up after the connect timeout")
  func silentPeer() async throws {
    let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .bind(host: "127.0.0.1", port: 0).get()
    var limits = quick
    limits.connectTimeout = .milliseconds(100)
    let target = GRPCTarget(host: "127.0.0.1", port: try #require(listener.localAddress?.port))
    let client = GRPCClient(targets: [target], limits: limits, group: MultiThreadedEventLoopGroup.singleton)
    await expect(.unavailable) { try await client.unary(Echo.Unary.self, RawBytes()) }
    await client.close()
    try await listener.close()
  }

  @Test("a client that makes no request is closed in time")
  func timeToFirstRequest() async throws {
    var limits = ServerLimits()
    limits.timeToFirstRequest = .milliseconds(100)
    try await RunningServer.with(limits: limits) { server in
      let channel = try await ClientBootstrap(group: server.group)
        .connect(host: server.target.host, port: server.target.port).get()
      try await channel.closeFuture.get()
    }
  }

  @Test("TLS: a trusted server is called, a stranger is not, and neither is the wrong name")
  func tls() async throws {
    try await withCertificate { certificate, key in
      let serverTLS = try ServerTLS(certificateChain: certificate, privateKey: key)
      try await RunningServer.with(tls: serverTLS) { server async throws in
        try await server.withClient(tls: try ClientTLS(authorities: certificate, serverName: "localhost")) {
          client async throws in
          let message = RawBytes([UInt8](repeating: 5, count: 1 << 20))
          #expect(try await client.unary(Echo.Unary.self, message) == message)
          var count = 0
          for try await _ in client.serverStreaming(Echo.Stream.self, RawBytes("100 50000")) { count += 1 }
          #expect(count == 100)
        }
        for tls in [try ClientTLS(), try ClientTLS(authorities: certificate, serverName: "elsewhere")] {
          try await server.withClient(limits: quick, tls: tls) { client in
            await expect(.unavailable) { try await client.unary(Echo.Unary.self, RawBytes()) }
          }
        }
      }
    }
  }

  private func withCertificate(_ body: (_ certificate: String, _ key: String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let certificate = folder.appendingPathComponent("certificate.pem").path
    let key = folder.appendingPathComponent("key.pem").path
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
      + ["-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate]
    process.standardError = FileHandle.nullDevice
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      process.terminationHandler = { _ in continuation.resume() }
      do { try process.run() } catch { continuation.resume(throwing: error) }
    }
    #expect(process.terminationStatus == 0)
    try await body(certificate, key)
  }
}
