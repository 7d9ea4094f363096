import Kagzi

/// An order's way: validate, pay (the payment service fails at first), reserve, wait for the packing, ship.
///
///     kagzi dev &
///     swift run OrderFulfilmentExample
///
/// Stop it in the middle and start it again with the same order id: it goes on where it was.
@main
struct OrderFulfilment {
  static func main() async throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    let kagzi = try await Kagzi.connect(arguments.first ?? "127.0.0.1:7480")
    let order = Order(id: arguments.dropFirst().first ?? "order-1", item: "lamp", quantity: 2, cents: 4_900)

    kagzi.registerWorkflow("fulfil-order", fulfil)
    kagzi.registerActivity("charge-card", chargeCard)

    let worker = kagzi.createWorkerBuilder().maxConcurrentWorkflows(10).build()
    async let working: Void = worker.start()

    // Starting twice with one workflow id starts one run.
    let handle = try await kagzi.startWorkflow(
      "fulfil-order", order, as: Receipt.self, StartOptions(workflowID: order.id, conflictPolicy: .useExisting))
    print("order \(order.id) is run \(handle.runID)")
    let receipt = try await handle.result()
    print("shipped as \(receipt.trackingNumber), paid by \(receipt.paymentID)")

    worker.stop()
    try await working
    await kagzi.close()
  }

  /// The workflow: ordinary code. Each step is recorded once; after a crash the recorded ones return at once.
  @Sendable static func fulfil(_ ctx: WorkflowContext, _ order: Order) async throws -> Receipt {
    try await ctx.step("validate") {
      print("validating \(order.id)")
      guard order.quantity > 0 else { throw StepError(.validationFailed, "An order needs a quantity") }
    }
    let paymentID = try await ctx.activity(
      "charge-card", order, as: String.self,
      options: ActivityOptions(
        retryPolicy: .exponentialWith(initial: .milliseconds(200), max: .seconds(10), attempts: 5),
        startToCloseTimeout: .seconds(30)))
    let reservation = try await ctx.stepBuilder("reserve").retryPolicy(.fixed()).execute {
      print("reserving \(order.quantity) of \(order.item)")
      return "shelf-\(order.item)"
    }
    try await ctx.sleep("packing", .seconds(1))
    return try await ctx.step("ship") {
      print("shipping from \(reservation)")
      return Receipt(paymentID: paymentID, trackingNumber: "track-\(order.id)")
    }
  }

  /// The activity: runs on any worker that registered it, and is tried again when it fails with a retryable error.
  @Sendable static func chargeCard(_ order: Order, _ context: ActivityContext) async throws -> String {
    print("charging \(order.cents) cents, attempt \(context.attempt)")
    guard context.attempt > 1 else { throw StepError(.serviceUnavailable, "The payment service is starting") }
    return "payment-\(order.id)"
  }
}

struct Order: Codable, Sendable {
  var id: String
  var item: String
  var quantity: Int
  var cents: Int
}

struct Receipt: Codable, Sendable {
  var paymentID: String
  var trackingNumber: String
}
