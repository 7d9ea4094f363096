public import FoundationEssentials

/// What a parallel group can be named by: a `String`, or a `UUID` as in V1 programs.
///
/// The group's members are recorded as `group/member`. The second use of a name in one run is `group#2`, and so on.
///
/// A `UUID()` made in the workflow is another one on every replay, so its value cannot find what was recorded. It is
/// ignored: the group is named `group`, and told from others by the order in which they are made, like any name that is
/// used again. Programs that make a fresh UUID for each group are therefore memoized rightly. Give groups that are made
/// by concurrent tasks names of their own, because the order of those may change.
public protocol ParallelGroup: Sendable {
  /// The name. Nil: named by the order of use alone.
  var groupName: String? { get }
}

extension String: ParallelGroup {
  public var groupName: String? { self }
}

extension UUID: ParallelGroup {
  public var groupName: String? { nil }
}

extension ParallelGroup {
  /// The name that the key is made from; nested in a step, it begins with that step.
  func keyName(in parentStep: String?) -> String {
    let name = groupName ?? "group"
    return parentStep.map { "\($0)/\(name)" } ?? name
  }
}
