/// An error for a person: one line on standard error, exit code 1.
struct Failed: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}
