internal import FoundationEssentials
internal import Messages

extension Timestamp {
  init(_ date: Date) {
    let interval = date.timeIntervalSince1970
    let whole = interval.rounded(.down)
    let nanos = ((interval - whole) * 1_000_000_000).rounded()
    // The contract's timestamps lie in the years 1 to 9999.
    let seconds = min(max(whole, -62_135_596_800), 253_402_300_799)
    self.init(seconds: Int64(seconds), nanos: Int32(min(nanos, 999_999_999)))
  }
}

extension Date {
  init(_ timestamp: Timestamp) {
    self.init(timeIntervalSince1970: Double(timestamp.seconds) + Double(timestamp.nanos) / 1_000_000_000)
  }
}
