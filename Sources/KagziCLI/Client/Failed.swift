/// An error for a person: one line on standard error, exit code 1.
struct Failed: Error, CustomStringConvertible {
  var description: String
  /// Whether the coordinator was not reached at all.
  var isUnreachable = false

  init(_ description: String, isUnreachable: Bool = false) {
    self.description = description
    self.isUnreachable = isUnreachable
  }
}
