internal import Foundation
internal import GRPC
internal import Messages
internal import NIOPosix

/// `memo-start ADDRESS --runs R --steps N`: starts R workflows that record N steps each and then wait for a signal; prints their
/// ids once all wait. `memo-wake ADDRESS --run ID`: signals one and waits for its result, that is, for its replay and one
/// activity; prints what that took in milliseconds, and the workflow's own times.
enum MemoDriver {
  static func start(_ arguments: BenchArguments) async throws {
    let client = try client(arguments)
    let input = Payload(data: Array("\(arguments.number("steps", default: 1_000))".utf8), encoding: "json")
    var runs: [String] = []
    for _ in 0..<arguments.number("runs", default: 5) {
      let request = StartWorkflowRequest(workflowType: BenchWorkflows.memo, input: input)
      let response = try await client.unary(
        WorkflowService.StartWorkflow.self, request, deadline: .seconds(60), waitForReady: true)
      runs.append(response.runID)
    }
    for run in runs { try await untilWaiting(run, client) }
    await client.close()
    say("{\"runs\": [\(runs.map { "\"\($0)\"" }.joined(separator: ", "))]}")
  }

  static func wake(_ arguments: BenchArguments) async throws {
    let client = try client(arguments)
    guard let run = arguments.text("run") else { throw BenchError("--run is missing") }
    let seen = try await client.unary(
      WorkflowService.GetRun.self, GetRunRequest(runID: run), deadline: .seconds(10), waitForReady: true)
    guard seen.run?.status == .waiting else { throw BenchError("run \(run) does not wait: \(seen)") }
    let signal = SignalWorkflowRequest(
      runID: run, signalName: "go", payload: Payload(data: Array("1".utf8), encoding: "json"))
    let begin = ContinuousClock.now
    _ = try await client.unary(WorkflowService.SignalWorkflow.self, signal, deadline: .seconds(60))
    let request = WaitRunRequest(runID: run, wait: ProtoDuration(seconds: 60, nanos: 0))
    let response = try await client.unary(WorkflowService.WaitRun.self, request, deadline: .seconds(90))
    let took = begin.duration(to: .now) / .milliseconds(1)
    guard response.closed, response.run?.status == .completed, let output = response.run?.output?.data else {
      throw BenchError("run \(run) ended otherwise: \(response)")
    }
    await client.close()
    say("{\"signal_to_result_ms\": \(took), \"times_ms\": \(String(decoding: output, as: UTF8.self))}")
  }

  private static func client(_ arguments: BenchArguments) throws -> GRPCClient {
    GRPCClient(
      targets: try ThroughputDriver.targets(arguments.argument), group: MultiThreadedEventLoopGroup.singleton)
  }

  private static func untilWaiting(_ run: String, _ client: GRPCClient) async throws {
    for _ in 0..<6_000 {
      let response = try await client.unary(
        WorkflowService.GetRun.self, GetRunRequest(runID: run), deadline: .seconds(10))
      if response.run?.status == .waiting { return }
      try await Task.sleep(for: .milliseconds(20))
    }
    throw BenchError("run \(run) never came to wait")
  }
}
