import Foundation
import Testing

@testable import Kagzi

@Suite(
  "The Swift examples run", .withServer, .enabled(if: KagziServer.binary != nil), .serialized, .timeLimit(.minutes(2)))
struct ExampleTests {
  @Test("simple")
  func simple() async throws {
    let output = try await ExampleProcess.run("SimpleExample", address)
    #expect(output.contains("Hello, Ada!"))
  }

  @Test("order fulfilment, twice with one order id")
  func orderFulfilment() async throws {
    let output = try await ExampleProcess.run("OrderFulfilmentExample", address, "order-7")
    #expect(output.contains("validating order-7"))
    #expect(output.contains("attempt 2"))
    #expect(output.contains("shipped as track-order-7, paid by payment-order-7"))
    let again = try await ExampleProcess.run("OrderFulfilmentExample", address, "order-7")
    #expect(again.contains("shipped as track-order-7"))
  }

  @Test("checklist 5: a welcome email, worked by one process and triggered by another")
  func welcomeEmail() async throws {
    let worker = try ExampleProcess("ScenarioExamples", ["welcome-email-worker", address])
    let trigger = try await scenario("welcome-email-trigger")
    #expect(trigger.contains("Ada is welcomed"))
    worker.terminate()
    let output = await worker.end()
    #expect(output.contains("Welcome, Ada!") && output.contains("Three tips"))
  }

  @Test("a data pipeline with typed steps")
  func dataPipeline() async throws {
    #expect(try await scenario("data-pipeline").contains("2 readings, 1 rejected, mean 12.0"))
  }

  @Test("checklist 12: a batch with partial failures")
  func batchProcessing() async throws {
    let output = try await scenario("batch-processing")
    #expect(output.contains("8 done, 2 failed: item-3: 3 is no good; item-7: 7 is no good"))
  }

  @Test("checklist 5: reminders at given times, past ones at once")
  func reminders() async throws {
    let output = try await scenario("reminders")
    #expect(output.contains("reminder 3: Dentist\n3 reminders sent"))
  }

  @Test("checklist 6: the manual retry loop of V1")
  func manualRetry() async throws {
    let output = try await scenario("manual-retry")
    #expect(output.contains("attempt 2 failed\nfetched https://example.org on call 3"))
  }

  @Test("checklist 7 to 11: step policies: third try, second try by kind, none, any")
  func stepPolicies() async throws {
    let output = try await scenario("step-policies")
    #expect(output.contains("third-try: call 3\nby-kind: call 2\nnone: call 1 failed\nany: call 2"))
    #expect(output.contains("by-kind, attempt 1: call 1 failed, again after 0.05 seconds"))
  }

  @Test("checklist 13: users, posts and comments in parallel, and a race of three")
  func parallel() async throws {
    let output = try await scenario("parallel")
    #expect(output.contains("south won\n"))
    #expect(output.contains("user-7: 2 posts, 7 comments, from south.example.org"))
    #expect(output.contains("group user-data: succeeded, 3 of 3 succeeded"))
  }

  @Test("checklist 12: collect-all with one failing of eight")
  func collectAll() async throws {
    #expect(try await scenario("collect-all").contains("7 up, 1 down: server-5 does not answer"))
  }

  @Test("checklist 16: versions with explicit and default starts, and a canary")
  func versions() async throws {
    let output = try await scenario("versions")
    #expect(output.contains("version 1: 100.00\ndefault: 108.00\nversion 3: 108.00 and 10 points"))
    #expect(output.contains("version 3: 0 open, 10.0 % of new runs"))
    #expect(output.contains("new default: 108.00 and 10 points"))
  }

  @Test(
    "checklist 19: a worker is drained while it works")
  func workerDrain() async throws {
    let output = try await scenario("worker-drain")
    #expect(output.contains("drain-example is STOPPED\nfinished all the same"))
    #expect(output.contains("STARTED") && output.contains("SHUTDOWN_COMPLETE"))
  }

  @Test("checklist 21: health while running")
  func health() async throws {
    let output = try await scenario("health")
    #expect(output.contains(" is HEALTHY: ") && output.contains("all is well"))
  }

  @Test("a saga with compensation")
  func saga() async throws {
    let output = try await scenario("saga")
    #expect(output.contains("cancelled hotel to Lisbon\ncancelled flight to Lisbon\nnothing booked: no car left"))
  }

  @Test("checklist 14: a map-reduce fan-out")
  func mapReduce() async throws {
    #expect(try await scenario("map-reduce").contains("the: 100, fox: 50, words: 500"))
  }

  @Test("checklist 3: an idempotent start")
  func idempotentStart() async throws {
    let output = try await scenario("idempotent-start")
    #expect(output.contains("one run\nrefused: the first run has this workflow id\ncharged 4900 cents\n"))
    #expect(output.contains("the same run, long closed"))
  }

  @Test("an approval by signal, a child, and a countdown that continues as new")
  func approval() async throws {
    let output = try await scenario("approval")
    #expect(output.contains("paid 120, approved by Grace\nEve said no\n3 …\n2 …\n1 …\nlift-off"))
  }

  @Test("a report that a schedule starts")
  func nightly() async throws {
    let output = try await scenario("nightly")
    #expect(output.contains("fired by hand\na full report\nnightly-report starts report"))
  }

  @Test("what operators' programs do: many starts, a list, a batch, a watch")
  func operating() async throws {
    let output = try await scenario("operating")
    #expect(output.contains("review-3 is version 1\nreview-2 is version 1\nreview-1 is version 1\nwould end 3 runs"))
    #expect(output.contains("3 of 3 approved, 0 failed\napproved: completed\nbook: completed\n20 approved by Ada"))
  }

  @Test("a namespace of a team: made, worked in, closed for new work; twice")
  func teamNamespace() async throws {
    for _ in 1...2 {
      let output = try await scenario("team-namespace")
      #expect(output.contains("7 paid in team-a\nrefused: "))
      #expect(output.contains("default: enabled\nteam-a: disabled"))
    }
  }

  @Test("the short programs of the migration guide")
  func guideSnippets() async throws {
    let output = try await scenario("guide-snippets")
    for line in [
      "my-workflow: default version 2", "versions: v2 order-1, v3 order-1", "retry-v1: answer", "retry-v2: answer",
      "parallel-v1: user 2 3", "parallel-v2: user 2 3", "convenience: user 2 [1, 2] api-2 two",
      "pattern-retry: hello answer", "pattern-parallel: 0",
    ] {
      #expect(output.contains(line), "\(output)")
    }
  }

  private var address: String { WithServer.current?.address ?? "" }

  private func scenario(_ name: String) async throws -> String {
    try await ExampleProcess.run("ScenarioExamples", name, address)
  }
}
