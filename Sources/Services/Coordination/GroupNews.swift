internal import Engine
internal import Logging
internal import Messages
internal import Postgres
internal import Store
internal import Synchronization

/// Collects workflow tasks whose holders are to be told of resolved groups; one read at a time takes all that wait.
internal final class GroupNews: Sendable {
  private struct State {
    var pending: Set<TaskToken> = []
    var isReading = false
  }

  private static let batch = 1_000
  private let state = Mutex(State())

  /// Adds some; the tasks to read for now, if no read is under way.
  func add(_ tasks: [TaskToken]) -> [TaskToken] {
    state.withLock { state in
      state.pending.formUnion(tasks)
      guard !state.isReading else { return [] }
      return Self.take(&state)
    }
  }

  /// A read has ended; the tasks to read for next.
  func next() -> [TaskToken] { state.withLock { Self.take(&$0) } }

  private static func take(_ state: inout State) -> [TaskToken] {
    let taken = Array(state.pending.prefix(batch))
    state.pending.subtract(taken)
    state.isReading = !taken.isEmpty
    return taken
  }
}

/// Telling workers of groups that were resolved while they hold the run's workflow task. What is told is read from the
/// database, so that it is the same whoever resolved the group and however often it is told; a task remembers which groups
/// its worker was sent word of.
extension Coordinator {
  /// Tells the worker that holds a workflow task, wherever its session is attached, which groups of the run are resolved.
  internal func tellHolder(of task: TaskToken) {
    if session(task.sessionID) != nil { tell([task]) } else { peers.announce(.groups(task: task.bytes)) }
  }

  /// Another coordinator resolved groups of a run whose workflow task a session here may hold.
  package func heardGroups(task bytes: [UInt8]) {
    guard let task = TaskToken(bytes), task.step == nil, session(task.sessionID) != nil else { return }
    tell([task])
  }

  /// The session's connection is new: what was sent to an earlier one, here or elsewhere, may not have arrived.
  internal func tellAgain(_ session: WorkerSession) {
    tell(session.forgetTold())
    tellOfCancels(session)
  }

  /// Beneath the pushes and announcements: those that were lost, with the connection or the coordinator that made the
  /// commit, are made up for.
  package func tellOfMissedGroups() {
    tell(sessions.withLock { Array($0.values) }.flatMap(\.heldTokens).filter { $0.step == nil })
  }

  /// Reads and sends what the holders of these tasks, in sessions here, were not told yet.
  internal func tell(_ tasks: [TaskToken]) {
    guard !tasks.isEmpty else { return }
    read(groupNews.add(tasks))
  }

  private func read(_ tasks: [TaskToken]) {
    guard !tasks.isEmpty else { return }
    Task { [self] in
      do {
        for news in try await news(for: tasks) { send(news) }
      } catch {
        logger.debug("resolved groups could not be read", metadata: ["error": "\(error)"])
      }
      read(groupNews.next())
    }
  }

  private func send(_ news: News) {
    let keys = news.groups.map(\.key)
    guard let session = session(news.task.sessionID), session.notesTold(news.task, keys) else { return }
    let (steps, more) = page(news.steps)
    session.send(
      .groups(
        GroupsResolved(
          token: news.task.bytes, groups: news.groups.map { GroupRecord($0) }, steps: steps,
          moreStepsToken: more.map { MoreSteps(isDelta: true, after: $0).text } ?? "")))
  }

  /// What the holders of these tasks were not told yet.
  private func news(for tasks: [TaskToken]) async throws(StoreError) -> [News] {
    let told = Dictionary(tasks.map { ($0, session($0.sessionID)?.toldGroups($0) ?? []) }) { first, _ in first }
    let maxBytes = limits.taskStepBytes
    return try await store.lookUp { connection in
      var news: [RunID: News] = [:]
      for row in try connection.execute(LoadGroupNews(tasks: tasks)).rows {
        guard let told = told[row.task], !told.contains(row.group.key) else { continue }
        news[row.task.runID, default: News(task: row.task)].groups.append(row.group)
      }
      guard !news.isEmpty else { return [] }
      let groups = news.values.flatMap { news in news.groups.map { (runID: news.task.runID, key: $0.key) } }
      for row in try connection.execute(LoadMemberNews(groups: groups, maxBytes: maxBytes)).rows {
        news[row.runID]?.steps.append(row)
      }
      return Array(news.values)
    }
  }
}

/// What one task's worker is to be told.
private struct News: Sendable {
  var task: TaskToken
  var groups: [GroupRow] = []
  var steps: [LoadTaskSteps.Row] = []
}
