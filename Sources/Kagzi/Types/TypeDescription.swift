internal import Messages

/// A workflow or activity type with its versions.
public struct TypeDescription: Sendable, Hashable {
  /// Its name.
  public var type: String
  /// What new work gets when no rollout decides.
  public var defaultVersion: Int
  /// Its versions, lowest first.
  public var versions: [VersionDescription]

  init(_ description: Messages.TypeDescription) {
    type = description.type
    defaultVersion = Int(description.defaultVersion)
    versions = description.versions.map { VersionDescription($0, defaultVersion: description.defaultVersion) }
  }

  /// One of its versions. Nil: there is none of that number.
  public func version(_ number: Int) -> VersionDescription? {
    versions.first { $0.version == number }
  }
}
