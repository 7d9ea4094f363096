internal import GRPC

/// Where the steps that came with a task ended, and whether the task carries only what is new. Opaque to workers.
internal struct MoreSteps {
  var isDelta: Bool
  var after: PageToken

  init(isDelta: Bool, after: PageToken) {
    self.isDelta = isDelta
    self.after = after
  }

  var text: String { (isDelta ? "new." : "all.") + after.text }

  /// Reads a token; an empty one is the beginning of all.
  init(_ text: String) throws(Status) {
    guard !text.isEmpty else {
      self.init(isDelta: false, after: .start)
      return
    }
    guard text.hasPrefix("new.") || text.hasPrefix("all."), text.utf8.count > 4 else {
      throw .invalid("more_steps_token", "was not made by this server")
    }
    self.init(isDelta: text.hasPrefix("new."), after: try PageToken(String(text.dropFirst(4))))
  }
}
