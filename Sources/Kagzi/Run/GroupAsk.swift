internal import Messages

/// What a call of the context asks for when it runs a parallel group with known members.
struct GroupAsk {
  /// One member.
  struct Member {
    /// Its id; its key is `group/id`.
    var id: String
    /// What it is.
    var kind: StepKind
    /// What the coordinator is told, by the member's key and the group's. Nil for local steps, which the worker runs.
    var command: ((String, String) -> Command.CommandKind?)?
  }

  /// The group's name; the machine makes the key from it.
  var name: String
  /// Whether the caller chose the name, so that two of it at once are a mistake.
  var isNamed = true
  /// How it is opened; the machine fills the key in.
  var open: OpenGroup
  /// Its members, in order.
  var members: [Member]
  /// Whether it is asked for under `uncancellable`.
  var isShielded: Bool
}

/// The machine's answer to an ask for a group.
enum GroupReply {
  /// It was resolved in an earlier pass.
  case resolved(key: String)
  /// It is open: run these local members, and wait for the group.
  case open(key: String, locals: [Int])
  /// The run is being cancelled: throw that.
  case cancelled(reason: String)
  /// The function is no longer wanted.
  case dropped
  /// The run is parked or ends: never return.
  case halt
  /// A mistake of the program: throw this.
  case fault(any Error)
}
