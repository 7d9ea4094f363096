/// What is wrong with the weights of a rollout, before any registry is asked.
package enum RolloutFlaw: Error, Sendable, Hashable {
  case version(Int32)
  case twice(Int32)
  case percent(Double, version: Int32)
  case total(Double)

  /// The first flaw of the weights; nil: there is none.
  package static func first(in weights: [RolloutWeight]) -> RolloutFlaw? {
    var seen: Set<Int32> = []
    var total = 0.0
    for weight in weights {
      let (version, percent) = (weight.version, weight.percent)
      guard version >= 1 else { return .version(version) }
      guard seen.insert(version).inserted else { return .twice(version) }
      guard percent >= 0, percent <= 100 else { return .percent(percent, version: version) }
      total += percent
    }
    // Thirds and the like do not add up to exactly 100.
    return total > 100 + 1e-9 ? .total(total) : nil
  }

  /// One sentence for a person.
  package var reason: String {
    switch self {
    case .version(let version): "version \(version) cannot be: versions are 1 or more"
    case .twice(let version): "version \(version) has two weights: give it one"
    case .percent(let percent, let version): "version \(version) has \(percent) percent: it must be 0 to 100"
    case .total(let total): "the shares are \(total) percent together: at most 100 are there to give"
    }
  }
}
