internal import ArgumentParser
internal import Messages

struct TypeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "type", abstract: "Show and steer workflow and activity types: versions, default, rollout, moves.",
    subcommands: [
      ListTypesCommand.self, DescribeTypeCommand.self, SetDefaultCommand.self, RolloutCommand.self,
      DeprecateCommand.self, MoveCommand.self,
    ])
}

/// Names one type.
struct TypeArgument: ParsableArguments {
  @Argument(help: "The type.") var type: String
  @Flag(help: "It is an activity type.") var activity = false

  var kind: TypeKind { activity ? .activity : .workflow }
  var noun: String { activity ? "activity" : "workflow" }
}

extension Text {
  /// A share such as `12.5 %`; nothing for none.
  static func percent(_ percent: Double) -> String {
    guard percent != 0 else { return "" }
    return (percent == percent.rounded() ? "\(Int(percent))" : "\(percent)") + " %"
  }
}

extension JSON {
  static func type(_ type: TypeDescription) -> [String: Any] {
    [
      "type": type.type, "defaultVersion": Int(type.defaultVersion),
      "versions": type.versions.map { version -> [String: Any] in
        [
          "version": Int(version.version), "deprecated": version.deprecated, "percent": version.percent,
          "openCount": Int(version.openCount), "liveWorkers": Int(version.liveWorkers), "drained": version.drained,
          "firstRegisteredAt": time(version.firstRegisteredAt), "lastRegisteredAt": time(version.lastRegisteredAt),
        ]
      },
    ]
  }
}
