package import Engine

/// A signal's content.
package struct NewSignal: Sendable {
  package var name: String
  package var payload: [UInt8]?
  /// The same one twice is recorded once in a run.
  package var requestID: String?

  package init(name: String, payload: [UInt8]?, requestID: String?) {
    self.name = name
    self.payload = payload
    self.requestID = requestID
  }
}

/// Records a signal of an open run and hands it to the oldest step that waits for one of its name.
package struct SignalRun: Sendable {
  package var runID: RunID
  package var signal: NewSignal
  /// Signals that a run may hold which no step has taken.
  package var limit: Int32
  /// A slot reserved for the run's next task.
  package var reservedSession: SessionID?

  package init(runID: RunID, signal: NewSignal, limit: Int32, reservedSession: SessionID? = nil) {
    self.runID = runID
    self.signal = signal
    self.limit = limit
    self.reservedSession = reservedSession
  }
}

/// What became of a signal of an open run.
package struct Signalled: Sendable {
  package enum Verdict: Int32, Sendable {
    case recorded = 0
    /// One with its request id is recorded already.
    case seen = 1
    /// The run holds as many untaken signals as it may.
    case full = 2
  }

  package var verdict: Verdict
  /// What the batch's signals did to the run, told to the one whose reserved slot was used.
  package var wake: Wake
}
