import HTTP2

/// A header block of a response: its headers, its trailers, or both in one (trailers-only).
struct ResponseHead {
  var httpStatus: Int?
  var isGRPC = false
  var encoding: MessageEncoding? = .identity
  var metadata = Metadata()
  private var statusCode: Int?
  private var message = ""
  private var details: [UInt8]?

  init(_ log: HTTP2EventLog, _ fields: Range<Int>) {
    log.forEachField(fields) { name, value in read(name, value) }
  }

  /// The status, if the block carries one.
  var status: Status? {
    statusCode.map { Status(StatusCode(rawValue: $0) ?? .unknown, message, details: details) }
  }

  /// The status of a response that is not gRPC.
  var httpFailure: Status? {
    guard let httpStatus, httpStatus != 200 || !isGRPC else { return nil }
    return Status(
      httpStatus == 200 ? .unknown : StatusCode(httpStatus: httpStatus),
      "the server answered with HTTP status \(httpStatus)\(isGRPC ? "" : " and not as gRPC")")
  }

  private mutating func read(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    if name[0] == UInt8(ascii: ":") {
      if equals(name, ":status") { httpStatus = Int(String(decoding: value, as: UTF8.self)) }
    } else if hasPrefix(name, "grpc-") {
      readReserved(name, value)
    } else if equals(name, "content-type") {
      isGRPC = hasPrefix(value, "application/grpc")
    } else {
      _ = metadata.receive(name, value)
    }
  }

  private mutating func readReserved(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    if equals(name, "grpc-status") {
      statusCode = Int(String(decoding: value, as: UTF8.self)) ?? StatusCode.unknown.rawValue
    } else if equals(name, "grpc-message") {
      message = PercentEncoding.decode(value)
    } else if equals(name, "grpc-status-details-bin") {
      details = Base64.decode(value)
    } else if equals(name, "grpc-encoding") {
      encoding = MessageEncoding(header: value)
    }
  }
}
