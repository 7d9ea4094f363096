import HTTP2

/// The header lists that responses begin and end with.
enum ResponseHeaders {
  static let plain = HTTP2Headers([
    (":status", "200"), ("content-type", "application/grpc"), ("grpc-accept-encoding", "identity,gzip"),
  ])

  static let gzip = HTTP2Headers([
    (":status", "200"), ("content-type", "application/grpc"), ("grpc-encoding", "gzip"),
    ("grpc-accept-encoding", "identity,gzip"),
  ])

  static let ok = HTTP2Headers([("grpc-status", "0")])

  static func begin(_ encoding: MessageEncoding, _ metadata: Metadata) -> HTTP2Headers {
    var headers = encoding == .gzip ? gzip : plain
    if !metadata.isEmpty { headers.append(metadata) }
    return headers
  }

  /// The trailers of a status, within `limit` (RFC 9113 list size): metadata that is too large for the peer would
  /// leave the call without an end, so it is replaced by a status that says so.
  static func end(_ status: Status, _ metadata: Metadata, limit: Int) -> HTTP2Headers {
    if status == .ok, metadata.isEmpty { return ok }
    var trailers = HTTP2Headers()
    trailers.append(status)
    trailers.append(metadata)
    guard trailers.listSize > limit else { return trailers }
    var short = HTTP2Headers()
    let code = status.code == .ok ? StatusCode.resourceExhausted : status.code
    short.append(Status(code, "the response trailers were \(trailers.listSize) bytes, over the limit of \(limit)"))
    return short
  }

  static func trailersOnly(_ status: Status, _ metadata: Metadata, limit: Int) -> HTTP2Headers {
    var headers = plain
    headers.append(end(status, metadata, limit: limit - plain.listSize))
    return headers
  }

  static func http(_ status: Int) -> HTTP2Headers {
    HTTP2Headers([(":status", String(status)), ("content-type", "text/plain")])
  }
}
