internal import Messages

extension WorkflowContext {
  /// Waits for a signal and gives what was sent with it. While it waits, the run holds no worker slot.
  ///
  /// Signals of one name are taken in the order they came, each once; those that came before are not lost. `id` is the
  /// step's name; nil: the signal's.
  public func waitForSignal<Value: Decodable & Sendable>(
    _ name: String, as type: Value.Type = Value.self, id: String? = nil
  ) async throws -> Value {
    try PayloadCoding.decode(type, from: try await awaitSignal(name, nil, id))
  }

  /// Waits for a signal for so long at most. Nil: it did not come.
  public func waitForSignal<Value: Decodable & Sendable>(
    _ name: String, timeout: Duration, as type: Value.Type = Value.self, id: String? = nil
  ) async throws -> Value? {
    do {
      return try PayloadCoding.decode(type, from: try await awaitSignal(name, timeout, id))
    } catch let error as StepError where error.kind == .timeout {
      return nil
    }
  }

  private func awaitSignal(_ name: String, _ timeout: Duration?, _ id: String?) async throws -> Payload {
    let (key, wake) = try await begin(id ?? name, .signal) { key in
      .awaitSignal(
        AwaitSignal(key: key, signalName: name, timeout: timeout.map { ProtoDuration(max($0, .zero)) }))
    }
    return try await settle(wake, of: key)
  }
}
