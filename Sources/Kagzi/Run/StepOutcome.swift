internal import Messages

/// How a step ended, for good.
enum StepOutcome: Sendable, Hashable {
  case success(Payload)
  case failure(Failure)
}
