internal import Messages

/// Parallel groups. The coordinator alone resolves a group; what it says is carried out here: members that are not
/// settled by then are over, whatever they still do.
///
/// What the coordinator says comes in three ways: with a task, together with everything that settled since the last one;
/// while the task is held, when something elsewhere resolves the group, together with its members that settled there;
/// or with the answer to a report of local members, and then the outcomes of members that ran elsewhere are not known
/// here and are fetched before the group is over.
extension RunMachine {
  /// A group that the function asked for.
  struct Group {
    var open: OpenGroup
    /// Whether its members come one by one.
    var isOpenEnded: Bool
    /// The keys of its members, in order.
    var members: [String] = []
    /// What is recorded of it.
    var record: GroupRecord?
    /// Its resolution was carried out.
    var isOver = false
    var isFetching = false

    var strategy: GroupStrategy { open.strategy }
  }

  /// The key that the call which runs a group waits for. No step has it: names hold no such character in front.
  static func waitKey(ofGroup key: String) -> String { "\u{1}\(key)" }

  static func group(ofWait key: String) -> String? {
    key.utf8.first == 1 ? String(key.dropFirst()) : nil
  }

  // MARK: What the function does

  /// The key of a group's next use: the name, then `name#2` and so on. Counts the use.
  mutating func claimGroupKey(_ name: String) -> String {
    let key = nextKey(Self.waitKey(ofGroup: name)).key
    use(Self.waitKey(ofGroup: name))
    return String(key.dropFirst())
  }

  /// The function runs a group with known members.
  mutating func ask(_ ask: GroupAsk) -> GroupReply {
    if isDropped { return .dropped }
    if isHalted || outcome != nil { return .halt }
    if let fault = fault(of: ask) { return .fault(fault) }
    let key = claimGroupKey(ask.name)
    let record = recordedGroups[key]
    var open = ask.open
    open.key = key
    open.memberCount = UInt32(clamping: ask.members.count)
    var group = Group(open: open, isOpenEnded: false, record: record)
    group.isOver = record.map { $0.verdict != .unspecified } ?? false
    if !group.isOver, !ask.isShielded, let cancelReason { return .cancelled(reason: cancelReason) }
    group.members = ask.members.map { "\(key)/\($0.id)" }
    for (member, memberKey) in zip(ask.members, group.members) {
      if let recorded = steps[memberKey], recorded.kind != member.kind {
        haltForKind(memberKey, recorded.kind, member.kind)
        return .halt
      }
      steps[memberKey]?.isAsked = true
    }
    groups[key] = group
    if group.isOver { return .resolved(key: key) }
    return .open(key: key, locals: begin(group, key, ask))
  }

  private func fault(of ask: GroupAsk) -> (any Error)? {
    if let fault = Self.fault(ofName: ask.name) { return fault }
    let (key, use) = nextKey(Self.waitKey(ofGroup: ask.name))
    if ask.isNamed, use > 1, waiting[use == 2 ? Self.waitKey(ofGroup: ask.name) : key.replacingUse(use - 1)] != nil {
      return DuplicateStepName(name: ask.name)
    }
    var ids: Set<String> = []
    for member in ask.members {
      if let fault = Self.fault(ofName: member.id) { return fault }
      guard ids.insert(member.id).inserted else { return DuplicateStepName(name: "\(ask.name)/\(member.id)") }
    }
    return nil
  }

  /// Notes what is to be told of a group that is not resolved; gives the places of the local members to run.
  private mutating func begin(_ group: Group, _ key: String, _ ask: GroupAsk) -> [Int] {
    if group.record == nil { opens.append(Command(command: .openGroup(group.open))) }
    var locals: [Int] = []
    for (place, member) in ask.members.enumerated() {
      let memberKey = group.members[place]
      if case .settled? = steps[memberKey]?.state { continue }
      if member.kind == .local {
        locals.append(place)
      } else if steps[memberKey] == nil {
        steps[memberKey] = Step(kind: member.kind, state: .pending, isAsked: true)
        if let command = member.command?(memberKey, key) { commands.append(Command(command: command)) }
      }
    }
    waiting[Self.waitKey(ofGroup: key)] = Waiter(isShielded: ask.isShielded)
    return locals
  }

  /// A local member of a group with known members is about to run.
  mutating func askMember(_ key: String, of group: String, isShielded: Bool) -> StepReply {
    if isDropped { return .now(key: key, .dropped) }
    if isHalted || outcome != nil { return .halt }
    if groups[group]?.isOver == true { return .now(key: key, .settled(.failure(Self.overFailure(group)))) }
    return reply(to: StepAsk(name: key, kind: .local, isShielded: isShielded), key: key) { _ in nil }
  }

  /// The function opens a group whose members come one by one; again changes nothing.
  mutating func openEnded(_ open: OpenGroup) {
    guard groups[open.key] == nil, !isDropped, !isHalted, outcome == nil else { return }
    let record = recordedGroups[open.key]
    var group = Group(open: open, isOpenEnded: true, record: record)
    group.isOver = record.map { $0.verdict != .unspecified } ?? false
    groups[open.key] = group
    if record == nil { opens.append(Command(command: .openGroup(open))) }
  }

  /// A step that was asked for as a member of an open-ended group. After the group's end it is cancelled at once.
  mutating func joined(_ group: String, _ key: String, _ kind: StepKind) {
    groups[group]?.members.append(key)
    guard groups[group]?.isOver == true else { return }
    if case .settled? = steps[key]?.state { return }
    steps[key] = Step(kind: kind, state: .settled(.failure(Self.overFailure(group))), isAsked: true)
  }

  /// The recorded outcome of a step. Nil: it has none, or not yet.
  func outcome(of key: String) -> StepOutcome? {
    if case .settled(let outcome)? = steps[key]?.state { outcome } else { nil }
  }

  /// The function gives up a group: its call was cancelled.
  mutating func giveUp(_ key: String, _ wake: Wake, into actions: inout [RunAction]) {
    guard let group = groups[key], !group.isOver, waiting[Self.waitKey(ofGroup: key)] != nil else { return }
    commands.append(Command(command: .cancelStep(CancelStep(key: key))))
    end(key, wake, into: &actions)
  }

  // MARK: What the coordinator says

  /// What is recorded of a group, as it came with the records of its members.
  mutating func groupRecorded(_ record: GroupRecord, into actions: inout [RunAction]) {
    recordedGroups[record.key] = record
    guard record.verdict != .unspecified, groups[record.key]?.isOver == false else { return }
    groups[record.key]?.record = record
    end(record.key, .groupResolved, into: &actions)
  }

  /// Groups were resolved elsewhere while the task is held; with them come their members that settled there. Taken only
  /// with the task itself and after the answer to a report on its way, which says first which of its results were
  /// recorded before.
  mutating func resolvedElsewhere(
    _ groups: [GroupRecord], _ steps: [StepRecord], into actions: inout [RunAction]
  ) {
    guard !isDropped else { return }
    news.append((groups, steps))
    if holdsTask, !hasReportInFlight { takeNews(into: &actions) }
  }

  /// A settled step's record never changes, so that news may be taken at any later time.
  mutating func takeNews(into actions: inout [RunAction]) {
    for (groups, steps) in news {
      // Of a step that is not settled, what was fetched may be past by now: it would run an attempt that has ended again.
      for record in steps {
        if case .settled = Self.state(of: record) { merge(record, into: &actions) }
      }
      // What is being fetched says also what became of results that were reported when the group was resolved.
      for record in groups where self.groups[record.key]?.isFetching != true {
        groupRecorded(record, into: &actions)
      }
    }
    news = []
  }

  /// A group was resolved, says the answer to the report with these results.
  mutating func groupResolved(_ record: GroupRecord, _ reported: [StepResult], into actions: inout [RunAction]) {
    recordedGroups[record.key] = record
    guard record.verdict != .unspecified, let group = groups[record.key], !group.isOver, !group.isFetching else {
      return
    }
    groups[record.key]?.record = record
    let wanted = wantedMembers(of: group, record)
    guard wanted.contains(where: { outcome(of: $0) == nil }) else {
      return end(record.key, .groupResolved, into: &actions)
    }
    groups[record.key]?.isFetching = true
    fetching += 1
    actions.append(.fetchRecords(group: record.key))
  }

  /// Members whose outcomes decide what the group's call returns or throws.
  private func wantedMembers(of group: Group, _ record: GroupRecord) -> [String] {
    if group.isOpenEnded {
      // The others learn what was decided of them as any step does.
      return group.members.filter { if case .ended? = steps[$0]?.state { true } else { false } }
    }
    return switch (group.strategy, record.verdict) {
    case (.race, .succeeded): [record.winner]
    case (.failFast, .failed), (.unspecified, .failed): [record.failedStep]
    default: group.members
    }
  }

  /// Whether the answer leaves open if this result still counted: the group may have been over before it came.
  func isLate(_ result: StepResult, _ resolved: [GroupRecord]) -> Bool {
    guard !result.group.isEmpty, let record = resolved.first(where: { $0.key == result.group }),
      let group = groups[result.group], record.verdict != .unspecified
    else { return false }
    switch (group.strategy, record.verdict) {
    case (.race, .succeeded): return result.key != record.winner
    case (.collectAll, .succeeded), (.race, .failed), (.failFast, .succeeded): return false
    case (.failFast, .failed), (.unspecified, .failed): return result.key != record.failedStep
    default: return true
    }
  }

  /// What is recorded of the members of a group that was resolved.
  mutating func recordsFetched(of key: String, _ records: [StepRecord], into actions: inout [RunAction]) {
    guard let group = groups[key], group.isFetching else { return }
    fetching -= 1
    groups[key]?.isFetching = false
    let members = Set(group.members)
    for record in records where members.contains(record.key) {
      guard case .settled(let outcome) = Self.state(of: record) else { continue }
      switch steps[record.key]?.state {
      case .settled: continue
      case .executing:
        runningClosures -= 1
        abandonedClosures.insert(record.key)
        actions.append(.abandon(key: record.key))
      default: break
      }
      steps[record.key] = Step(kind: record.kind, state: .settled(outcome), isAsked: true)
      wake(record.key, .settled(outcome), into: &actions)
    }
    end(key, .groupResolved, into: &actions)
  }

  /// The group is over: so are its members that are not settled.
  private mutating func end(_ key: String, _ wake: Wake, into actions: inout [RunAction]) {
    guard let group = groups[key] else { return }
    groups[key]?.isOver = true
    let failure = Self.overFailure(key)
    for member in group.members {
      switch steps[member]?.state {
      case nil, .settled: continue
      case .executing:
        runningClosures -= 1
        abandonedClosures.insert(member)
        actions.append(.abandon(key: member))
      default: break
      }
      steps[member]?.state = .settled(.failure(failure))
      self.wake(member, .settled(.failure(failure)), into: &actions)
    }
    results.removeAll { $0.group == key }
    commands.removeAll { $0.group == key }
    self.wake(Self.waitKey(ofGroup: key), wake, into: &actions)
  }

  /// What stands for the outcome of a member that was cancelled, with its group as a rule.
  static func overFailure(_ group: String) -> Failure {
    Failure(
      kind: .cancelled, message: "Group \"\(group)\" was over before this member was", code: GroupCode.cancelled)
  }
}

extension String {
  /// This key of a name's use with another number.
  fileprivate func replacingUse(_ use: Int) -> String {
    guard let mark = lastIndex(of: "#") else { return self }
    return "\(self[..<mark])#\(use)"
  }
}
