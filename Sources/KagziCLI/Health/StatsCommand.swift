internal import ArgumentParser
internal import Foundation
internal import Messages

struct StatsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats", abstract: "Print the coordinator's counters and gauges, and what is open in the namespace.")

  @Option(help: "Only names that contain this.") var name: String?
  @OptionGroup var options: ClientOptions

  func run() async throws {
    let response = try await options.call(
      AdminService.GetStats.self, GetStatsRequest(namespace: options.resolvedNamespace))
    let values = response.values.filter { entry in name.map { entry.key.contains($0) } ?? true }
    guard !options.json else { return try JSON.print(values) }
    var table = Table("name", "value")
    for (name, value) in values.sorted(by: { $0.key < $1.key }) {
      table.add(name, value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : String(format: "%.6f", value))
    }
    table.print()
  }
}
