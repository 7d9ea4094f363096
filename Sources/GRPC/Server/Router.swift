import HTTP2
package import Messages

/// Which handler answers which RPC. Built once, before the server starts; what is not registered is UNIMPLEMENTED.
///
/// Handlers are called on the connection's event loop and must not block. They may answer there or later, from any
/// thread. Registering the same RPC again replaces its handler.
package struct Router: Sendable {
  private var routesByPath: [String: Route] = [:]
  private var table = RouteTable()

  package init() {}

  /// An RPC with one request and one response. The handler owes the responder one reply.
  package mutating func unary<M: RPCMethod>(
    _ method: M.Type, _ handler: @escaping @Sendable (M.Request, ServerCall, consuming Responder<M.Response>) -> Void
  ) {
    register(method) { (bytes, call) throws(Status) in
      let request = try decode(M.Request.self, bytes)
      handler(request, call, Responder(call: call))
    }
  }

  /// An RPC with one request and many responses. The handler owes the stream a `finish`.
  package mutating func serverStreaming<M: RPCMethod>(
    _ method: M.Type, _ handler: @escaping @Sendable (M.Request, ServerCall, ResponseStream<M.Response>) -> Void
  ) {
    register(method) { (bytes, call) throws(Status) in
      let request = try decode(M.Request.self, bytes)
      handler(request, call, ResponseStream(call: call))
    }
  }

  /// An RPC with many requests (client-streaming and bidirectional): the handler is called when the call arrives and
  /// returns who receives the requests. A client-streaming handler writes one response.
  package mutating func streaming<M: RPCMethod>(
    _ method: M.Type,
    _ handler: @escaping @Sendable (ServerCall, ResponseStream<M.Response>) -> any RequestReceiver<M.Request>
  ) {
    register(
      Route(path: M.path, service: M.service, name: M.name, kind: M.kind) { call in
        TypedReceiver(receiver: handler(call, ResponseStream(call: call)))
      })
  }

  /// Full names of the services with a registered RPC, sorted.
  package var registeredServices: [String] {
    Set(routesByPath.values.map(\.service)).sorted()
  }

  /// How the calls of each RPC ended so far, sorted by path.
  package var callCounts: [(method: RegisteredMethod, counts: [StatusCode: Int])] {
    routesByPath.values.map {
      (RegisteredMethod(service: $0.service, name: $0.name, kind: $0.kind), $0.answers.counts)
    }
    .sorted { ($0.method.service, $0.method.name) < ($1.method.service, $1.method.name) }
  }

  func route(for path: UnsafeRawBufferPointer) -> Route? { table.route(for: path) }

  private mutating func register<M: RPCMethod>(
    _ method: M.Type, _ start: @escaping @Sendable (UnsafeRawBufferPointer, ServerCall) throws(Status) -> Void
  ) {
    register(Route(path: M.path, service: M.service, name: M.name, kind: M.kind, whole: start))
  }

  private mutating func register(_ route: Route) {
    routesByPath[route.path] = route
    table = RouteTable(routesByPath.values)
  }
}

/// One RPC that a router answers.
package struct RegisteredMethod: Sendable, Hashable {
  /// The full name of the service, e.g. `kagzi.v1.WorkflowService`.
  package var service: String
  /// The name of the RPC.
  package var name: String
  /// Which sides stream.
  package var kind: RPCKind
}

/// The one place where a request that cannot be decoded becomes a status.
func decode<Message: WireMessage>(_: Message.Type, _ bytes: UnsafeRawBufferPointer) throws(Status) -> Message {
  do {
    return try Message(wire: bytes)
  } catch {
    throw Status(undecodable: error)
  }
}

extension Status {
  /// A request that is not a valid message; one text field at fault is named in a typed detail.
  fileprivate init(undecodable error: WireError) {
    self.init(.invalidArgument, "the request is not a valid message: \(error.message)")
    guard let name = error.field else { return }
    let field = InvalidField(
      field: String(name.split(separator: ".").last ?? ""), reason: "\(error.message): send valid UTF-8 without NUL")
    let detail = AnyMessage(
      typeURL: "type.googleapis.com/kagzi.v1.InvalidField", value: field.withWireBytes { Array($0) })
    details = RPCStatus(code: Int32(code.rawValue), message: message, details: [detail]).withWireBytes { Array($0) }
  }
}
