internal import Messages

/// What a call of the context asks for.
struct StepAsk {
  /// The step's name; the machine makes the key from it.
  var name: String
  /// What it is.
  var kind: StepKind
  /// Whether it is made under `uncancellable`.
  var isShielded: Bool
  /// The key of the open-ended group that it joins.
  var group: String?
}

/// The machine's answer to an ask.
enum StepReply {
  /// Do this now.
  case now(key: String, Wake)
  /// Wait until the key is woken.
  case wait(key: String)
  /// The run is parked: never return.
  case halt
  /// A mistake of the program: throw this.
  case fault(any Error)
}
