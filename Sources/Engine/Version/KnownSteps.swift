/// What the runs of a version have recorded: the only thing that a coordinator knows of the code's steps. Tells whether a
/// run of another version may go on under it.
package struct KnownSteps: Sendable {
  /// A recorded step of the run that is to go on.
  package struct Recorded: Sendable, Hashable {
    package var name: StepName
    /// Whether it completed or failed, so that its outcome must be asked for again.
    package var hasOutcome: Bool

    package init(name: StepName, hasOutcome: Bool) {
      self.name = name
      self.hasOutcome = hasOutcome
    }
  }

  private let version: Int32
  /// Runs that have shown what they do. With none, nothing is known and nothing conflicts.
  private let runs: Int
  private let kinds: [String: Set<StepKind>]

  package init(version: Int32, runs: Int, names: some Sequence<StepName>) {
    self.version = version
    self.runs = runs
    kinds = names.reduce(into: [:]) { $0[$1.text, default: []].insert($1.kind) }
  }

  /// Why a run with these steps cannot go on under the version, with both sides named; nil: nothing is known against it.
  package func conflict(with steps: some Sequence<Recorded>) -> String? {
    guard runs > 0 else { return nil }
    var found: [String] = []
    for step in Set(steps).sorted(by: { $0.name.text < $1.name.text }) {
      if let flaw = flaw(of: step), found.last != flaw { found.append(flaw) }
    }
    guard let first = found.first else { return nil }
    return found.count == 1 ? first : first + "; and \(found.count - 1) more of its steps do not fit"
  }

  private func flaw(of step: Recorded) -> String? {
    let (name, kind) = (step.name.text, step.name.kind)
    guard let known = kinds[name] else {
      guard step.hasOutcome else { return nil }
      let others =
        runs == 1
        ? "the one run of version \(version) has no such step"
        : "none of \(runs) runs of version \(version) has such a step"
      return "step '\(name)' (\(kind.name)) is recorded here, and \(others)"
    }
    guard !known.contains(kind) else { return nil }
    let theirs = known.map(\.name).sorted().joined(separator: " or ")
    return "step '\(name)' is \(kind.name) here, and \(theirs) in version \(version)"
  }
}

extension StepKind {
  /// The name operators see.
  package var name: String {
    switch self {
    case .local: "LOCAL"
    case .activity: "ACTIVITY"
    case .sleep: "SLEEP"
    case .child: "CHILD"
    case .signal: "SIGNAL"
    }
  }
}
