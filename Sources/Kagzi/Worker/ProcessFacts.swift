internal import FoundationEssentials

/// What operators are told about the process.
enum ProcessFacts {
  static let pid = UInt32(clamping: ProcessInfo.processInfo.processIdentifier)
  static let hostname = ProcessInfo.processInfo.hostName
}

/// The version of this SDK.
enum SDKVersion {
  static let current = "0.1.0"
}
