import CZlib

/// Gzip (RFC 1952) over zlib, one message at a time.
enum Gzip {
  /// Nil when zlib fails, which for compression is only lack of memory.
  static func compress(_ input: UnsafeRawBufferPointer) -> [UInt8]? {
    var stream = z_stream()
    guard kagzi_deflate_init_gzip(&stream, 6) == Z_OK else { return nil }
    defer { deflateEnd(&stream) }
    stream.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
    stream.avail_in = UInt32(input.count)
    let bound = Int(deflateBound(&stream, UInt(input.count)))
    var isComplete = false
    let output = [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
      stream.next_out = buffer.baseAddress
      stream.avail_out = UInt32(bound)
      isComplete = deflate(&stream, Z_FINISH) == Z_STREAM_END
      count = bound - Int(stream.avail_out)
    }
    return isComplete ? output : nil
  }

  /// Stops as soon as the plain size passes `limit`: RESOURCE_EXHAUSTED. Broken or cut data: INTERNAL.
  static func decompress(_ input: UnsafeRawBufferPointer, limit: Int) throws(Status) -> [UInt8] {
    var stream = z_stream()
    guard kagzi_inflate_init_gzip(&stream) == Z_OK else { throw Status(.internal, "gzip: out of memory") }
    defer { inflateEnd(&stream) }
    stream.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
    stream.avail_in = UInt32(input.count)
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 32 << 10)
    while true {
      var produced = 0
      let result = chunk.withUnsafeMutableBufferPointer { buffer in
        stream.next_out = buffer.baseAddress
        stream.avail_out = UInt32(buffer.count)
        let result = inflate(&stream, Z_NO_FLUSH)
        produced = buffer.count - Int(stream.avail_out)
        return result
      }
      guard output.count + produced <= limit else {
        throw Status(.resourceExhausted, "the decompressed message is over the limit of \(limit) bytes")
      }
      output.append(contentsOf: chunk[..<produced])
      if result == Z_STREAM_END { return output }
      guard result == Z_OK, produced > 0 || stream.avail_in > 0 else {
        throw Status(.internal, "the compressed message is not valid gzip")
      }
    }
  }
}
