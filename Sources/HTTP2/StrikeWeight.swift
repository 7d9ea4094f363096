/// What a peer pays for frames that cost it little and us more, in strike points.
///
/// A connection has a budget (`HTTP2Limits.strikeBudget`) that refills with time and with honest work: each DATA frame
/// that we send it forgives `sentData`. An honest client, even one that cancels thousands of calls, stays far below.
package enum StrikeWeight {
  /// RST_STREAM (rapid reset).
  package static let reset = 2
  /// A RST_STREAM that the peer made us send by breaking a rule (MadeYouReset), or a frame that is not valid.
  package static let provokedReset = 40
  /// DATA without bytes that ends nothing.
  package static let emptyData = 10
  /// PRIORITY, PRIORITY_UPDATE and frames of unknown types.
  package static let ignoredFrame = 10
  package static let windowUpdate = 2
  package static let ping = 40
  package static let settings = 100
  package static let continuation = 40
  /// A header list over the limit.
  package static let oversizedHeaders = 200
  /// Forgiven for each DATA frame that we sent.
  package static let sentData = 4
}
