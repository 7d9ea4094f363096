import Messages

/// One registered RPC with its types hidden in closures.
final class Route: Sendable {
  /// How a call of this route begins.
  enum Start: Sendable {
    /// With the whole request, which is valid only during the call.
    case whole(@Sendable (UnsafeRawBufferPointer, ServerCall) throws(Status) -> Void)
    /// With the headers; requests follow one by one.
    case streaming(@Sendable (ServerCall) -> any MessageReceiver)
  }

  let path: String
  let pathBytes: [UInt8]
  let service: String
  let name: String
  let kind: RPCKind
  let start: Start
  let answers = CallCounts()

  init(
    path: String, service: String, name: String, kind: RPCKind,
    whole: @escaping @Sendable (UnsafeRawBufferPointer, ServerCall) throws(Status) -> Void
  ) {
    self.path = path
    self.service = service
    self.name = name
    self.kind = kind
    pathBytes = Array(path.utf8)
    start = .whole(whole)
  }

  init(
    path: String, service: String, name: String, kind: RPCKind,
    streaming: @escaping @Sendable (ServerCall) -> any MessageReceiver
  ) {
    self.path = path
    self.service = service
    self.name = name
    self.kind = kind
    pathBytes = Array(path.utf8)
    start = .streaming(streaming)
  }
}

/// Routes by the bytes of their path, found without making a string: open addressing, at most half full.
struct RouteTable: Sendable {
  private var slots: [Route?] = [nil]

  init() {}

  init(_ routes: some Collection<Route>) {
    var capacity = 4
    while capacity < routes.count * 2 { capacity *= 2 }
    slots = Array(repeating: nil, count: capacity)
    for route in routes {
      var slot = route.pathBytes.withUnsafeBytes(Self.hash) & (capacity - 1)
      while slots[slot] != nil { slot = (slot + 1) & (capacity - 1) }
      slots[slot] = route
    }
  }

  func route(for path: UnsafeRawBufferPointer) -> Route? {
    var slot = Self.hash(path) & (slots.count - 1)
    while let route = slots[slot] {
      if equals(path, route.pathBytes) { return route }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  /// FNV-1a. The table is fixed and at most half full, so crafted paths cost a comparison or two, not more.
  private static func hash(_ bytes: UnsafeRawBufferPointer) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return Int(truncatingIfNeeded: hash ^ hash >> 32)
  }
}
