internal import CMessages

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

extension ProtobufCBinaryData {
  /// A copy of the bytes.
  @inline(__always)
  var byteArray: [UInt8] {
    len == 0 ? [] : Array(UnsafeBufferPointer(start: data, count: len))
  }

  /// A copy of text: valid UTF-8 without NUL, or an error that names the field.
  @inline(__always)
  func text(_ field: StaticString) throws(WireError) -> String {
    if len == 0 { return "" }
    return try validatedText(field)
  }

  /// Decoding repairs what is not valid UTF-8, so bytes that stay the same were valid.
  private func validatedText(_ field: StaticString) throws(WireError) -> String {
    guard memchr(data, 0, len) == nil else {
      throw WireError(message: "\(field) holds a NUL character", field: "\(field)")
    }
    var text = String(decoding: UnsafeBufferPointer(start: data, count: len), as: UTF8.self)
    guard text.withUTF8({ $0.count == len && memcmp($0.baseAddress!, data, len) == 0 }) else {
      throw WireError(message: "\(field) is not valid UTF-8", field: "\(field)")
    }
    return text
  }
}
