internal import FoundationEssentials

/// What the process is and was told.
enum ProcessFacts {
  static let pid = UInt32(clamping: ProcessInfo.processInfo.processIdentifier)
  static let hostname = ProcessInfo.processInfo.hostName

  /// A variable of the environment. Nil: not set, or empty.
  static func environment(_ name: String) -> String? {
    ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
  }
}

/// The version of this SDK.
enum SDKVersion {
  static let current = "0.1.0"
}
