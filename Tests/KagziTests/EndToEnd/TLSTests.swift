import Foundation
import Kagzi
import Logging
import Testing

@Suite("TLS between the Swift SDK and a coordinator")
struct TLSTests {
  private func openssl(_ arguments: String...) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["openssl"] + arguments
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }

  @Test("a client and a worker work over TLS; one that does not trust the server, or speaks plaintext, does not")
  func works() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kagzi-tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (key, chain) = (folder.path + "/key.pem", folder.path + "/chain.pem")
    try openssl(
      "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
      "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", chain)
    let server = try await KagziServer("--tls-certificate", chain, "--tls-private-key", key)
    let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    do {
      let kagzi = try await Kagzi.connect(
        "https://" + server.address, ConnectOptions(tls: TLSOptions(trustRootsPath: chain), logger: quiet))
      kagzi.registerWorkflow("greet") { (ctx: WorkflowContext, name: String) in
        try await ctx.step("greeting") { "Hello, \(name)!" }
      }
      let worker = kagzi.createWorker()
      async let working: Void = worker.start()
      #expect(try await kagzi.startWorkflow("greet", "Ada", as: String.self).result() == "Hello, Ada!")
      worker.stop()
      try await working
      await kagzi.close()

      for address in ["https://" + server.address, server.address] {
        await #expect(throws: KagziError.self) {
          try await Kagzi.connect(address, ConnectOptions(timeout: .seconds(2), logger: quiet))
        }
      }
    } catch {
      await server.stop()
      throw error
    }
    await server.stop()
  }
}
