import HTTP2

/// The head of a request, read from its header fields in one pass. Not copied, for it is made for every call.
struct RequestHead: ~Copyable {
  var route: Route?
  var path = ""
  var metadata = Metadata()
  var userAgent: UnsafeRawBufferPointer?
  var timeoutNanoseconds: UInt64?
  var encoding = MessageEncoding.identity
  var acceptsGzip = false
  /// The answer to a request that is not a well-formed gRPC call.
  var rejection: Rejection?

  enum Rejection {
    /// Not gRPC at all: a plain HTTP status.
    case http(Int)
    case status(Status)
  }

  private var isPost = false
  private var isGRPC = false

  init(_ log: HTTP2EventLog, _ fields: Range<Int>, router: Router) {
    log.forEachField(fields) { name, value in read(name, value, router) }
    if !isPost {
      rejection = .http(405)
    } else if !isGRPC {
      rejection = .http(415)
    } else if rejection == nil, route == nil {
      rejection = .status(Status(.unimplemented, "the method \(path) is not implemented"))
    }
  }

  private mutating func read(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ router: Router) {
    switch name[0] {
    case UInt8(ascii: ":"):
      if equals(name, ":path") {
        route = router.route(for: value)
        if route == nil { path = String(decoding: value.prefix(256), as: UTF8.self) }
      } else if equals(name, ":method") {
        isPost = equals(value, "POST")
      }
    case UInt8(ascii: "c") where equals(name, "content-type"):
      isGRPC = Self.isGRPC(contentType: value)
    case UInt8(ascii: "c") where equals(name, "content-length"):
      break  // HTTP's own, and checked by the library.
    case UInt8(ascii: "t") where equals(name, "te"):
      break
    case UInt8(ascii: "u") where equals(name, "user-agent"):
      userAgent = value
    case UInt8(ascii: "g") where hasPrefix(name, "grpc-"):
      readReserved(name, value)
    default:
      if !metadata.receive(name, value) {
        let name = String(decoding: name, as: UTF8.self)
        rejection = .status(Status(.internal, "the metadata \(name) is not valid base64"))
      }
    }
  }

  private mutating func readReserved(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    if equals(name, "grpc-timeout") {
      timeoutNanoseconds = GRPCTimeout.nanoseconds(value)
      if timeoutNanoseconds == nil { rejection = .status(Status(.internal, "grpc-timeout is malformed")) }
    } else if equals(name, "grpc-encoding") {
      if let known = MessageEncoding(header: value) {
        encoding = known
      } else {
        let value = String(decoding: value, as: UTF8.self)
        rejection = .status(Status(.unimplemented, "the encoding \(value) is not supported"))
      }
    } else if equals(name, "grpc-accept-encoding") {
      acceptsGzip = Self.lists(value, "gzip")
    }
  }

  /// A list that is separated by commas, with spaces or without, has this entry.
  private static func lists(_ list: UnsafeRawBufferPointer, _ entry: StaticString) -> Bool {
    var start = 0
    while start < list.count {
      let end = list[start...].firstIndex(of: UInt8(ascii: ",")) ?? list.count
      while start < end, list[start] == UInt8(ascii: " ") { start += 1 }
      if equals(UnsafeRawBufferPointer(rebasing: list[start..<end]), entry) { return true }
      start = end + 1
    }
    return false
  }

  /// `application/grpc`, alone or followed by `+…` or `;…`. Only protobuf is spoken.
  private static func isGRPC(contentType value: UnsafeRawBufferPointer) -> Bool {
    guard hasPrefix(value, "application/grpc") else { return false }
    let rest = UnsafeRawBufferPointer(rebasing: value["application/grpc".utf8.count...])
    return rest.isEmpty || rest[0] == UInt8(ascii: ";") || hasPrefix(rest, "+proto")
  }
}
