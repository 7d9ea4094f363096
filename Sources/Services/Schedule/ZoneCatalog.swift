internal import Engine
internal import Foundation
internal import Synchronization

/// Time zones by their IANA names. The rules come with Foundation's own data, so that no file of the system is needed.
internal enum ZoneCatalog {
  private static let cache = Mutex<[String: ZoneRules]>([:])

  /// Names of the IANA database without a slash. Foundation also takes abbreviations such as BST, which it reads as
  /// Bangladesh's time: those are refused.
  private static let plainNames: Set<String> = [
    "UTC", "GMT", "CET", "MET", "EET", "WET", "EST", "MST", "HST", "EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT",
  ]

  /// The rules of a zone; nil for a name that is none. An empty name is UTC.
  static func rules(_ name: String) -> ZoneRules? {
    if name.isEmpty || name == "UTC" { return .utc }
    if let rules = cache.withLock({ $0[name] }) { return rules }
    guard plainNames.contains(name) || name.contains("/"), let zone = TimeZone(identifier: name) else { return nil }
    let rules = ZoneRules { Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double($0)))) }
    cache.withLock { $0[name] = rules }
    return rules
  }
}
