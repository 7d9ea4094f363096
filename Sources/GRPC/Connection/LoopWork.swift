/// Work that crosses to an event loop.
enum LoopWork: Sendable {
  case reply(ServerCall, frame: [UInt8], size: Int, headers: Metadata, trailers: Metadata)
  case finish(ServerCall, Status, trailers: Metadata)
  case responses(ResponseBuffer)
  case run(@Sendable () -> Void)

  func run() {
    switch self {
    case .reply(let call, let frame, let size, let headers, let trailers):
      call.connection.reply(call, headers: headers, trailers: trailers, size: size) { output in
        output.append(contentsOf: frame)
      }
    case .finish(let call, let status, let trailers): call.connection.finish(call, status, trailers: trailers)
    case .responses(let buffer): buffer.call.connection.takeOver(buffer)
    case .run(let body): body()
    }
  }
}
