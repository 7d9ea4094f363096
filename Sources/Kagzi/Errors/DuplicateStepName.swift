/// Two steps of one name are in flight at once: a mistake in the workflow, because their keys could change places on a
/// replay. Give concurrent steps names of their own; one after the other, a name may be used as often as wanted.
public struct DuplicateStepName: Error, Sendable, Hashable, CustomStringConvertible {
  /// The name that is in use.
  public var name: String

  public init(name: String) {
    self.name = name
  }

  public var description: String {
    "Two steps named \"\(name)\" are in flight at once. Give concurrent steps names of their own."
  }
}
