import Kagzi

/// The Swift side of `make demo`: the workflow `swift-order`, and the activities that only this worker has.
///
///     DemoWorker ADDRESS WORKER-ID
@main
struct DemoWorker {
  static func main() async throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    guard arguments.count == 2 else { throw Usage() }
    let kagzi = try await Kagzi.connect(arguments[0])

    kagzi.registerWorkflow("swift-order", fulfil)
    kagzi.registerActivity("charge-card", charge)
    kagzi.registerActivity("book-courier", bookCourier)
    kagzi.registerActivity("swift-quote", quote)

    try await kagzi.createWorkerBuilder().workerID(arguments[1]).leaseDurationSecs(3).build().start()
    await kagzi.close()
  }

  /// A workflow in Swift whose activity `pick-items` only the Python workers have.
  @Sendable static func fulfil(_ ctx: WorkflowContext, _ order: Order) async throws -> Delivery {
    try await ctx.step("validate") {
      guard order.quantity > 0 else { throw StepError(.validationFailed, "An order needs a quantity") }
    }
    let parcel = try await ctx.activity("pick-items", order, as: String.self)
    let payment = try await ctx.activity("charge-card", order, as: String.self)
    try await ctx.sleep("cool-down", .seconds(1))
    let courier = try await ctx.activity("book-courier", order, as: String.self)
    return Delivery(order: order.id, payment: payment, parcel: parcel, courier: courier)
  }

  /// Takes the payment; the first try meets a provider that is not there yet.
  @Sendable static func charge(_ order: Order, _ context: ActivityContext) async throws -> String {
    guard context.attempt > 1 else { throw StepError(.serviceUnavailable, "the payment provider does not answer") }
    return "\(order.cents) cents taken in Swift"
  }

  @Sendable static func bookCourier(_ order: Order, _ context: ActivityContext) async throws -> String {
    "courier \(order.id) booked in Swift"
  }

  /// What a courier asks for, after half a second of thought.
  @Sendable static func quote(_ item: String, _ context: ActivityContext) async throws -> String {
    try await Task.sleep(for: .milliseconds(500))
    return "900 cents for \(item), from Swift"
  }
}

struct Usage: Error, CustomStringConvertible {
  var description: String { "usage: DemoWorker ADDRESS WORKER-ID" }
}
