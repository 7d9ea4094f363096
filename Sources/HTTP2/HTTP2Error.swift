import CNghttp2

/// Why a connection cannot go on. After one of these only `HTTP2Session.close()` may be called, except after `flooded`,
/// where the GOAWAY that was queued may still be sent.
package enum HTTP2Error: Error, Equatable {
  /// The peer does not speak HTTP/2.
  case notHTTP2
  /// The peer used up its strike budget.
  case flooded
  /// The library gave up; `code` is its own.
  case library(code: Int32, message: String)

  /// The one place where the library's codes become errors.
  ///
  /// `NGHTTP2_ERR_BAD_CLIENT_MAGIC` is the peer's fault, `FLOODED` and `TOO_MANY_CONTINUATIONS` are an attack, anything
  /// else fatal is memory (`NOMEM`) or a bug of ours (`CALLBACK_FAILURE`).
  init(library code: Int) {
    switch Int(code) {
    case Int(NGHTTP2_ERR_BAD_CLIENT_MAGIC.rawValue): self = .notHTTP2
    case Int(NGHTTP2_ERR_FLOODED.rawValue), Int(NGHTTP2_ERR_TOO_MANY_CONTINUATIONS.rawValue): self = .flooded
    default: self = .library(code: Int32(code), message: String(cString: nghttp2_strerror(Int32(code))))
    }
  }
}
