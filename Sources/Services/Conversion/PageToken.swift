internal import Engine
internal import GRPC

/// Where a page ended: a sequence number and a key. Opaque to callers.
internal struct PageToken {
  var sequence: Int64
  var key: String

  static let start = PageToken(sequence: -1, key: "")

  init(sequence: Int64, key: String) {
    self.sequence = sequence
    self.key = key
  }

  var text: String { "\(sequence).\(key)" }

  /// Reads a token; an empty one is the beginning.
  init(_ text: String) throws(Status) {
    guard !text.isEmpty else {
      self = .start
      return
    }
    guard let dot = text.firstIndex(of: "."), let sequence = Int64(text[..<dot]) else {
      throw .invalid("page_token", "was not made by this server")
    }
    self.init(sequence: sequence, key: String(text[text.index(after: dot)...]))
  }

  /// The size of a page: 100 when none is asked for.
  static func size(_ asked: UInt32) throws(Status) -> Int {
    guard asked <= 1_000 else { throw .invalid("page_size", "must be 1 to 1,000") }
    return asked == 0 ? 100 : Int(asked)
  }
}
