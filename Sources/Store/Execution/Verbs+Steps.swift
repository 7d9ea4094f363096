internal import Engine
internal import Postgres

extension Verbs {
  internal func addSettles(_ pipeline: PostgresPipeline) -> [OutcomeCollector] {
    guard !settles.values.isEmpty else { return [] }
    let reply = pipeline.add(SettleStepsMany(settles: settles.values))
    // Whether a step was settled now or before: nothing is owed any more.
    let notices = settles.values.compactMap(\.guard.notice)
    if !notices.isEmpty { _ = pipeline.add(ForgetChildNotices(notices: notices)) }
    return [
      { [settles] outcomes in
        for row in reply.rows { outcomes[settles.indices[row.position]] = .woken(row.wake) }
      }
    ]
  }

  internal func addStepChanges(_ pipeline: PostgresPipeline) -> [OutcomeCollector] {
    var collectors: [OutcomeCollector] = []
    if !retries.values.isEmpty {
      let reply = pipeline.add(RetryStepsMany(retries: retries.values))
      collectors.append(done(reply, retries.indices))
    }
    if !stepReleases.values.isEmpty {
      let reply = pipeline.add(ReleaseStepsMany(releases: stepReleases.values))
      collectors.append(done(reply, stepReleases.indices))
    }
    if !readies.values.isEmpty {
      let reply = pipeline.add(ReadyStepsMany(readies: readies.values))
      collectors.append { [readies] outcomes in
        for row in reply.rows { outcomes[readies.indices[row.position]] = .woken(row.isRunReady ? .ready : .none) }
      }
    }
    if !detaches.values.isEmpty {
      let reply = pipeline.add(DetachStepsMany(detaches: detaches.values))
      collectors.append(done(reply, detaches.indices))
    }
    if !progress.values.isEmpty {
      let reply = pipeline.add(RecordProgressMany(progress: progress.values))
      collectors.append(done(reply, progress.indices))
    }
    return collectors
  }

  internal func addClaims(_ pipeline: PostgresPipeline) -> [OutcomeCollector] {
    var collectors: [OutcomeCollector] = []
    for (claim, index) in zip(runClaims.values, runClaims.indices) {
      let reply = pipeline.add(ClaimRuns(claim: claim))
      collectors.append {
        let claimed = reply.rows.compactMap { $0 }
        $0[index] = .claimedRuns(claimed, passedOver: claimed.count < reply.rows.count)
      }
    }
    for (claim, index) in zip(stepClaims.values, stepClaims.indices) {
      let reply = pipeline.add(ClaimSteps(claim: claim))
      collectors.append {
        let claimed = reply.rows.compactMap { $0 }
        $0[index] = .claimedSteps(claimed, passedOver: claimed.count < reply.rows.count)
      }
    }
    return collectors
  }

  private func done(_ reply: PostgresReply<Int>, _ indices: [Int]) -> OutcomeCollector {
    { outcomes in for position in reply.rows { outcomes[indices[position]] = .done } }
  }
}
