internal import Messages

extension StepKind {
  /// The kind in a sentence for a person.
  var name: String {
    switch self {
    case .local: "a local step"
    case .activity: "an activity"
    case .sleep: "a sleep"
    case .child: "a child workflow"
    case .signal: "a wait for a signal"
    case .unspecified, .unrecognized: "an unknown kind of step"
    }
  }
}

extension Command {
  /// The key of the step that the command creates.
  var key: String? {
    switch command {
    case .scheduleActivity(let activity): activity.key
    case .startTimer(let timer): timer.key
    case .openGroup(let group): group.key
    case .startChild(let child): child.key
    case .awaitSignal(let signal): signal.key
    case .cancelStep, nil: nil
    }
  }

  /// The group of the step that the command creates. Empty: none.
  var group: String {
    switch command {
    case .scheduleActivity(let activity): activity.group
    case .startChild(let child): child.group
    case .startTimer, .openGroup, .awaitSignal, .cancelStep, nil: ""
    }
  }
}
