internal import GRPC
internal import NIOPosix

/// `saturate ADDRESS --in-flight M --namespace X`: keeps M workflows under way until SIGTERM. Prints how many gave their
/// result, in how many seconds.
enum Saturation {
  static func run(_ arguments: BenchArguments) async throws {
    let termination = Termination()
    let client = GRPCClient(
      targets: try ThroughputDriver.targets(arguments.argument), group: MultiThreadedEventLoopGroup.singleton)
    let driver = PipelinedStarts(client: client, load: ThroughputDriver.load(arguments))
    let begin = ContinuousClock.now
    say("ready")
    async let samples = driver.run()
    await termination.wait()
    let seconds = begin.duration(to: .now) / .seconds(1)
    driver.stop()
    let percentiles = Percentiles(try await samples)
    await client.close()
    say("{\"seconds\": \(seconds), \(percentiles.json)}")
  }
}
