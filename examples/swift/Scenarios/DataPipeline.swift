import Kagzi

/// Extract, transform, load: each step's output has a type of its own and is recorded, so that a crash in the last one
/// does not read the source again.
enum DataPipeline {
  struct Row: Codable, Sendable {
    var city: String
    var celsius: String
  }

  struct Reading: Codable, Sendable {
    var city: String
    var celsius: Double
  }

  struct Summary: Codable, Sendable {
    var readings: Int
    var rejected: Int
    var mean: Double
  }

  @Sendable static func pipeline(_ ctx: WorkflowContext, _ source: String) async throws -> Summary {
    let rows = try await ctx.step("extract") { try await read(source) }
    let readings = try await ctx.step("transform") { () -> [Reading] in
      rows.compactMap { row in Double(row.celsius).map { Reading(city: row.city, celsius: $0) } }
    }
    return try await ctx.stepBuilder("load").retryPolicy(.exponential()).execute {
      let sum = readings.reduce(0) { $0 + $1.celsius }
      return Summary(
        readings: readings.count, rejected: rows.count - readings.count, mean: sum / Double(readings.count))
    }
  }

  static func read(_ source: String) async throws -> [Row] {
    [Row(city: "Oslo", celsius: "4.5"), Row(city: "Rome", celsius: "19.5"), Row(city: "Nowhere", celsius: "?")]
  }

  @Sendable static func run(_ kagzi: Kagzi) async throws {
    kagzi.registerWorkflow("data-pipeline", pipeline)
    let summary = try await kagzi.working {
      try await kagzi.startWorkflow("data-pipeline", "weather.csv", as: Summary.self).result()
    }
    print("\(summary.readings) readings, \(summary.rejected) rejected, mean \(summary.mean)")
  }
}
