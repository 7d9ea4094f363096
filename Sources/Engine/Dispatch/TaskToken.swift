/// Proves a lease. Opaque to workers; the epoch fences: each hand-out of a task raises it, and a report with an older one
/// is refused.
///
/// Layout: 1 byte version, 1 byte kind, 16 bytes run, 16 bytes session, 4 bytes epoch (big-endian), then the step's key.
package struct TaskToken: Hashable, Sendable {
  package var runID: RunID
  package var sessionID: SessionID
  package var epoch: Int32
  /// The step of an activity task; nil for a workflow task.
  package var step: String?

  package init(runID: RunID, sessionID: SessionID, epoch: Int32, step: String?) {
    self.runID = runID
    self.sessionID = sessionID
    self.epoch = epoch
    self.step = step
  }

  private static let version: UInt8 = 1
  private static let headerSize = 38

  /// The bytes that travel.
  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.headerSize + (step?.utf8.count ?? 0))
    bytes.append(Self.version)
    bytes.append(step == nil ? 0 : 1)
    for index in 0..<16 { bytes.append(runID[byte: index]) }
    for index in 0..<16 { bytes.append(sessionID[byte: index]) }
    let epoch = UInt32(bitPattern: epoch)
    for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: epoch >> shift)) }
    if let step { bytes.append(contentsOf: step.utf8) }
    return bytes
  }

  /// Reads the bytes that travelled. Nil for anything that no coordinator made.
  package init?(_ bytes: [UInt8]) {
    guard bytes.count >= Self.headerSize, bytes[0] == Self.version, bytes[1] <= 1 else { return nil }
    func word(_ start: Int) -> UInt64 { bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
    runID = UUID(high: word(2), low: word(10))
    sessionID = UUID(high: word(18), low: word(26))
    epoch = Int32(bitPattern: bytes[34..<38].reduce(0) { $0 << 8 | UInt32($1) })
    if bytes[1] == 0 {
      guard bytes.count == Self.headerSize else { return nil }
      step = nil
    } else {
      guard bytes.count > Self.headerSize, let key = String(validating: bytes[38...], as: UTF8.self) else { return nil }
      step = key
    }
  }
}
