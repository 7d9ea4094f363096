import HTTP2

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The bytes equal an ASCII literal, which is not empty.
@inline(__always)
func equals(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
  guard bytes.count == text.utf8CodeUnitCount else { return false }
  return memcmp(bytes.baseAddress!, text.utf8Start, bytes.count) == 0
}

/// The bytes begin with an ASCII literal, which is not empty.
@inline(__always)
func hasPrefix(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
  guard bytes.count >= text.utf8CodeUnitCount else { return false }
  return memcmp(bytes.baseAddress!, text.utf8Start, text.utf8CodeUnitCount) == 0
}

extension HTTP2Headers {
  init(_ fields: [(String, String)]) {
    self.init()
    for (name, value) in fields { append(name, value) }
  }

  /// Appends metadata; bytes as base64.
  mutating func append(_ metadata: Metadata) {
    for entry in metadata.entries {
      switch entry.value {
      case .text(let text): append(entry.name, text)
      case .bytes(let bytes): append(entry.name, Base64.encode(bytes))
      }
    }
  }

  /// Appends `grpc-status` and what belongs to it.
  mutating func append(_ status: Status) {
    append("grpc-status", String(status.code.rawValue))
    if !status.message.isEmpty { append("grpc-message", PercentEncoding.encode(status.message)) }
    if let details = status.details { append("grpc-status-details-bin", Base64.encode(details)) }
  }
}

/// The bytes equal an array.
@inline(__always)
func equals(_ bytes: UnsafeRawBufferPointer, _ array: [UInt8]) -> Bool {
  guard bytes.count == array.count, let start = bytes.baseAddress else { return bytes.count == array.count }
  return array.withUnsafeBytes { memcmp(start, $0.baseAddress!, $0.count) == 0 }
}
