/// Why a version cannot be used as asked.
package enum VersionRefusal: Error, Sendable, Hashable {
  /// No worker ever registered it.
  case notRegistered(Int32)
  /// It takes no new work.
  case deprecated(Int32)
  /// It is the default, so it cannot be deprecated.
  case isDefault(Int32)
}
