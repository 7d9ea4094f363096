internal import GRPC
internal import Messages
internal import NIOPosix

/// Runs that soon wait for a long time.
enum WaitingRuns {
  static func start(_ count: Int, at address: String) async throws {
    let client = GRPCClient(
      targets: [try ThroughputDriver.target(address)], group: MultiThreadedEventLoopGroup.singleton)
    let start = StartWorkflowRequest(
      workflowType: BenchWorkflows.waiting, input: Payload(data: Array("1".utf8), encoding: "json"))
    for begin in stride(from: 0, to: count, by: 500) {
      let request = StartWorkflowsRequest(requests: Array(repeating: start, count: min(500, count - begin)))
      let response = try await client.unary(
        WorkflowService.StartWorkflows.self, request, deadline: .seconds(60), waitForReady: true)
      for result in response.results {
        guard case .started = result.result else { throw BenchError("a start failed: \(result)") }
      }
    }
    await client.close()
  }
}
