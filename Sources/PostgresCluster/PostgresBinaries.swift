internal import Foundation

/// The server's programs, found in PATH or where Debian puts them, the newest first.
internal struct PostgresBinaries {
  internal let folder: String
  /// The major version.
  internal let version: Int

  internal var postgres: String { folder + "/postgres" }
  internal var initdb: String { folder + "/initdb" }

  /// - Parameter version: the major version that an existing cluster needs, or nil for the newest.
  internal static func find(in given: String?, version: Int?) throws -> PostgresBinaries {
    let found = candidates(given).compactMap(inspect)
    guard !found.isEmpty else {
      throw PostgresClusterError(
        .binariesMissing,
        "no PostgreSQL server programs were found: install PostgreSQL 15 or newer (apt install postgresql)")
    }
    guard let version else { return found.max { $0.version < $1.version }! }
    guard let match = found.first(where: { $0.version == version }) else {
      let there = found.map { "\($0.version)" }.joined(separator: ", ")
      throw PostgresClusterError(
        .versionMismatch, "the folder holds a cluster of PostgreSQL \(version), but the programs found are of \(there)")
    }
    return match
  }

  private static func candidates(_ given: String?) -> [String] {
    if let given { return [given] }
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"
    let debian = "/usr/lib/postgresql"
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: debian)) ?? []
    return path.split(separator: ":").map(String.init) + versions.map { "\(debian)/\($0)/bin" }
  }

  private static func inspect(_ folder: String) -> PostgresBinaries? {
    let isComplete = ["postgres", "initdb"].allSatisfy {
      FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)")
    }
    guard isComplete, let output = ChildProcess.output(of: [folder + "/postgres", "--version"]) else { return nil }
    // "postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)"
    guard let number = output.split(separator: " ").dropFirst(2).first else { return nil }
    guard let version = Int(number.prefix { $0.isNumber }), version >= 15 else { return nil }
    return PostgresBinaries(folder: folder, version: version)
  }
}
