internal import ArgumentParser
internal import Foundation
internal import GRPC
internal import Messages
internal import NIOPosix
internal import Server

/// What every command needs that calls a coordinator.
struct ClientOptions: ParsableArguments {
  @Option(help: "The coordinator, host:port (KAGZI_ADDRESS). Default: 127.0.0.1:7480") var address: String?
  @Option(help: "The namespace (KAGZI_NAMESPACE). Default: default") var namespace: String?
  @Flag(help: "Use TLS with the system's authorities.") var tls = false
  @Option(help: "Use TLS and trust this PEM file (KAGZI_CA).") var ca: String?
  @Option(
    help: "PEM file of the client's own certificate chain, for a coordinator that asks for one (KAGZI_CERTIFICATE).")
  var certificate: String?
  @Option(help: "PEM file of the client's own private key (KAGZI_PRIVATE_KEY).") var privateKey: String?
  @Flag(help: "Print JSON for programs instead of a table.") var json = false
  @Option(help: "Give up after this long. Default: 30s") var timeout: String?

  var resolvedAddress: String { address ?? environment("KAGZI_ADDRESS") ?? "127.0.0.1:7480" }
  var resolvedNamespace: String { namespace ?? environment("KAGZI_NAMESPACE") ?? "" }

  var deadline: Duration {
    get throws {
      guard let timeout else { return .seconds(30) }
      guard let duration = DurationText.parse(timeout) else {
        throw Failed("--timeout is '\(timeout)': it must be a duration such as 500ms, 30s or 5m")
      }
      return duration
    }
  }

  /// Runs `body` with a client and closes it; statuses become errors for people.
  func withClient<Result>(_ body: (GRPCClient) async throws -> Result) async throws -> Result {
    guard let target = GRPCTarget(resolvedAddress, defaultPort: 7480) else {
      throw Failed("--address is '\(resolvedAddress)': it must be host:port")
    }
    let client = GRPCClient(targets: [target], tls: try security, group: MultiThreadedEventLoopGroup.singleton)
    do {
      let result = try await body(client)
      await client.close()
      return result
    } catch let status as Status {
      await client.close()
      throw failure(status)
    } catch {
      await client.close()
      throw error
    }
  }

  /// TLS as the options ask for it; nil: plaintext.
  private var security: ClientTLS? {
    get throws {
      let authorities = ca ?? environment("KAGZI_CA")
      let chain = certificate ?? environment("KAGZI_CERTIFICATE")
      let key = privateKey ?? environment("KAGZI_PRIVATE_KEY")
      guard tls || authorities != nil || chain != nil || key != nil else { return nil }
      guard (chain == nil) == (key == nil) else {
        throw Failed("--certificate and --private-key go together: give both")
      }
      do {
        return try ClientTLS(authorities: authorities, certificateChain: chain, privateKey: key)
      } catch {
        throw Failed("the TLS files cannot be used: \(error)")
      }
    }
  }

  /// Calls a unary RPC within the timeout.
  func call<M: RPCMethod>(_ method: M.Type, _ request: M.Request) async throws -> M.Response {
    let deadline = try deadline
    return try await withClient { client in try await client.unary(method, request, deadline: deadline) }
  }

  func failure(_ status: Status) -> Failed {
    if status.code == .unavailable {
      return Failed(
        "the coordinator at \(resolvedAddress) cannot be reached: \(status.message). Start one with `kagzi dev`, or give --address.",
        isUnreachable: true)
    }
    if status.code == .deadlineExceeded {
      return Failed("the coordinator at \(resolvedAddress) did not answer in time", isUnreachable: true)
    }
    return Failed(status.message.isEmpty ? status.code.name : status.message)
  }

  private func environment(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }
}
