import Kagzi

/// Several bookings, all or none: what was booked is cancelled, last first, when a later booking fails.
enum Saga {
  @Sendable static func bookTrip(_ ctx: WorkflowContext, _ city: String) async throws -> String {
    var booked: [String] = []
    do {
      for part in ["flight", "hotel", "car"] {
        try await ctx.activity("book", "\(part) to \(city)", options: ActivityOptions(id: "book-\(part)"))
        booked.append(part)
      }
      return "booked \(booked.joined(separator: ", "))"
    } catch let error as StepError {
      // Suspension is no error: this runs only when a booking failed, or the run was cancelled.
      try await ctx.uncancellable {
        for part in booked.reversed() {
          try await ctx.activity("cancel", "\(part) to \(city)", options: ActivityOptions(id: "cancel-\(part)"))
        }
      }
      return "nothing booked: \(error.message)"
    }
  }

  @Sendable static func run(_ kagzi: Kagzi) async throws {
    kagzi.registerWorkflow("book-trip", bookTrip)
    kagzi.registerActivity("book") { (what: String, _: ActivityContext) in
      if what.hasPrefix("car") { throw StepError(.businessLogicError, "no car left") }
      print("booked \(what)")
    }
    kagzi.registerActivity("cancel") { (what: String, _: ActivityContext) in print("cancelled \(what)") }
    let text = try await kagzi.working {
      try await kagzi.startWorkflow("book-trip", "Lisbon", as: String.self).result()
    }
    print(text)
  }
}
