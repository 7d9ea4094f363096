internal import ArgumentParser
internal import Messages
internal import Server

struct NamespaceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "namespace", abstract: "Make, show and change namespaces.",
    subcommands: [
      CreateNamespaceCommand.self, GetNamespaceCommand.self, ListNamespacesCommand.self, UpdateNamespaceCommand.self,
      EnableNamespaceCommand.self, DisableNamespaceCommand.self,
    ])

  /// A retention such as `30d`; `forever` is zero.
  static func retention(_ text: String) throws -> Duration {
    if text == "forever" { return .zero }
    if text.hasSuffix("d"), let days = Int64(text.dropLast()), days > 0, days <= 100_000 {
      return .seconds(days * 86_400)
    }
    guard let duration = DurationText.parse(text), duration > .zero else {
      throw Failed("--retention is '\(text)': it must be a duration such as 12h or 30d, or 'forever'")
    }
    return duration
  }

  static func show(_ namespace: Namespace?, _ options: ClientOptions) throws {
    let namespace = namespace ?? Namespace()
    guard !options.json else { return try JSON.print(JSON.namespace(namespace)) }
    let facts = [
      ("name", namespace.name), ("description", namespace.description),
      ("state", namespace.enabled ? "enabled" : "disabled: takes no new work"),
      ("retention", Text.retention(namespace.retention)), ("created", Text.time(namespace.createdAt)),
    ]
    for (name, value) in facts { print(name.padding(13) + value) }
  }
}

/// Names one namespace.
struct NamespaceArgument: ParsableArguments {
  @Argument(help: "The namespace.") var name: String
}

extension Text {
  /// The largest unit that is whole.
  static func retention(_ duration: ProtoDuration?) -> String {
    guard let duration else { return "forever" }
    for (unit, seconds) in [("d", 86_400), ("h", 3_600), ("m", 60)] as [(String, Int64)]
    where duration.nanos == 0 && duration.seconds.isMultiple(of: seconds) {
      return "\(duration.seconds / seconds)\(unit)"
    }
    return duration.nanos == 0
      ? "\(duration.seconds)s" : "\(duration.seconds * 1_000 + Int64(duration.nanos) / 1_000_000)ms"
  }
}

extension JSON {
  static func namespace(_ namespace: Namespace) -> [String: Any] {
    [
      "name": namespace.name, "description": namespace.description, "enabled": namespace.enabled,
      "retention": Text.retention(namespace.retention), "createdAt": time(namespace.createdAt),
    ]
  }
}

extension ProtoDuration {
  init(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    self.init(seconds: seconds, nanos: Int32(attoseconds / 1_000_000_000))
  }
}
