internal import Engine
internal import Services
internal import Store

/// Announcements as lines of text: a letter, then fields separated by tabs. Tabs, newlines and percent signs in names are
/// percent-encoded.
extension PeerAnnouncements.Announcement {
  internal var line: String {
    switch self {
    case .ready(let key):
      [
        "r", key.kind == .workflow ? "w" : "a", escape(key.namespace), escape(key.queue), escape(key.type),
        "\(key.version)",
      ].joined(separator: "\t")
    case .closed(let runID): "c\t\(runID)"
    case .cancel(let session, let token, let reason):
      "x\t\(session)\t\(token.map { hexadecimal($0) }.joined())\t\(escape(reason))"
    case .lost(let session, let token, let reason):
      "l\t\(session)\t\(token.map { hexadecimal($0) }.joined())\t\(escape(reason))"
    case .groups(let task): "j\t\(task.map { hexadecimal($0) }.joined())"
    case .moving(let key, let version):
      "m\t\(escape(key.namespace))\t\(escape(key.queue))\t\(escape(key.type))\t\(key.version)\t\(version)"
    case .drain(let session, let order):
      "d\t\(session)\t\(order.timeoutMilliseconds.map { "\($0)" } ?? "")\t\(escape(order.reason))"
    case .registry: "g"
    case .unheard: "u"
    case .schedule: "s"
    }
  }

  internal init?(line: some StringProtocol) {
    let fields = line.split(separator: "\t" as Character, omittingEmptySubsequences: false).map { String($0) }
    switch (fields.first, fields.count) {
    case ("r", 6):
      guard let version = Int32(fields[5]) else { return nil }
      self = .ready(
        TaskKey(
          kind: fields[1] == "w" ? .workflow : .activity, namespace: unescape(fields[2]), queue: unescape(fields[3]),
          type: unescape(fields[4]), version: version))
    case ("c", 2):
      guard let runID = RunID(fields[1]) else { return nil }
      self = .closed(runID)
    case ("x", 4):
      guard let session = SessionID(fields[1]), let token = bytes(fields[2]) else { return nil }
      self = .cancel(session: session, token: token, reason: unescape(fields[3]))
    case ("l", 4):
      guard let session = SessionID(fields[1]), let token = bytes(fields[2]) else { return nil }
      self = .lost(session: session, token: token, reason: unescape(fields[3]))
    case ("j", 2):
      guard let task = bytes(fields[1]) else { return nil }
      self = .groups(task: task)
    case ("m", 6):
      guard let from = Int32(fields[4]), let to = Int32(fields[5]) else { return nil }
      self = .moving(
        TaskKey(
          kind: .workflow, namespace: unescape(fields[1]), queue: unescape(fields[2]), type: unescape(fields[3]),
          version: from), toVersion: to)
    case ("d", 4):
      guard let session = SessionID(fields[1]) else { return nil }
      self = .drain(
        session: session,
        DrainOrder(timeoutMilliseconds: Int64(fields[2]), reason: unescape(fields[3]), isOwn: false))
    case ("g", 1): self = .registry
    case ("u", 1): self = .unheard
    case ("s", 1): self = .schedule
    default: return nil
    }
  }
}

private func hexadecimal(_ byte: UInt8) -> String {
  let text = String(byte, radix: 16)
  return text.count == 1 ? "0" + text : text
}

private func bytes(_ text: String) -> [UInt8]? {
  let digits = Array(text.utf8)
  guard digits.count.isMultiple(of: 2) else { return nil }
  var bytes: [UInt8] = []
  for index in stride(from: 0, to: digits.count, by: 2) {
    guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else { return nil }
    bytes.append(byte)
  }
  return bytes
}

private func escape(_ text: String) -> String {
  guard text.utf8.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "%") }) else { return text }
  return text.unicodeScalars.map { scalar in
    scalar.value < 0x20 || scalar == "%" ? "%" + hexadecimal(UInt8(scalar.value)) : String(scalar)
  }.joined()
}

private func unescape(_ text: String) -> String {
  guard text.utf8.contains(UInt8(ascii: "%")) else { return text }
  var result: [UInt8] = []
  let source = Array(text.utf8)
  var index = 0
  while index < source.count {
    if source[index] == UInt8(ascii: "%"), index + 2 < source.count,
      let byte = UInt8(String(decoding: source[index + 1...index + 2], as: UTF8.self), radix: 16)
    {
      result.append(byte)
      index += 3
    } else {
      result.append(source[index])
      index += 1
    }
  }
  return String(decoding: result, as: UTF8.self)
}
