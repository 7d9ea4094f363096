import Engine
import Testing

@Suite("Whether a run fits another version")
struct KnownStepsTests {
  private func known(_ names: (String, StepKind)..., runs: Int = 3) -> KnownSteps {
    KnownSteps(version: 2, runs: runs, names: names.map { StepName(text: $0.0, kind: $0.1) })
  }

  private func recorded(_ key: String, _ kind: StepKind = .local, hasOutcome: Bool = true) -> KnownSteps.Recorded {
    KnownSteps.Recorded(name: StepName(key: key, kind: kind), hasOutcome: hasOutcome)
  }

  @Test(
    "checklist 17: a key's name is what the code calls the step, whichever use of it this is",
    arguments: [
      ("poll", "poll"), ("poll#2", "poll"), ("users#2/fetch#14", "users/fetch"), ("a#b", "a#b"), ("a#", "a#"),
      ("#3", "#3"), ("a#1#2", "a#1"), ("g/#2", "g/#2"), ("", ""),
    ])
  func names(key: String, expected: String) {
    #expect(StepName(key: key, kind: .local).text == expected)
  }

  @Test("checklist 17: steps that the version has, of their kind, fit; other kinds do not, and both are named")
  func kinds() {
    let steps = known(("check", .local), ("pay", .activity), ("pay", .child))
    #expect(steps.conflict(with: [recorded("check"), recorded("check#2"), recorded("pay", .activity)]) == nil)
    #expect(steps.conflict(with: [recorded("pay", .child)]) == nil)
    #expect(
      steps.conflict(with: [recorded("pay")]) == "step 'pay' is LOCAL here, and ACTIVITY or CHILD in version 2")
    #expect(steps.conflict(with: [recorded("check", .sleep, hasOutcome: false)])?.contains("SLEEP here") == true)
  }

  @Test("checklist 17: a recorded outcome that the version never asked for does not fit; an open step may")
  func gone() {
    let steps = known(("check", .local))
    #expect(
      steps.conflict(with: [recorded("old#3")])
        == "step 'old' (LOCAL) is recorded here, and none of 3 runs of version 2 has such a step")
    #expect(steps.conflict(with: [recorded("old", .activity, hasOutcome: false)]) == nil)
    #expect(
      steps.conflict(with: [recorded("b"), recorded("b#2"), recorded("a"), recorded("check", .child)])
        == "step 'a' (LOCAL) is recorded here, and none of 3 runs of version 2 has such a step; "
        + "and 2 more of its steps do not fit"
    )
  }

  @Test("checklist 17: where no run of the version has shown anything, nothing is known against a move")
  func unknown() {
    #expect(known(runs: 0).conflict(with: [recorded("anything")]) == nil)
    #expect(known(runs: 1).conflict(with: [recorded("anything")]) != nil)
    #expect(known(runs: 1).conflict(with: []) == nil)
  }
}
