/// A message of the contract that can be read from and written to the protobuf wire format.
public protocol WireMessage: Sendable {
  /// The message with every field at its default.
  init()

  /// Decodes one message.
  ///
  /// Throws `WireError` for bytes that are not a valid message: malformed wire, invalid UTF-8 or a NUL in a text
  /// field, or more than the decoding budget. The bytes are read only during the call.
  init(wire bytes: UnsafeRawBufferPointer) throws(WireError)

  /// Serializes the message; `body` gets the bytes, which are valid only inside the closure.
  func withWireBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R
}

/// Bytes that are not a valid message of the expected type.
public struct WireError: Error, Equatable {
  /// What was wrong, for a person.
  public var message: String
  /// The text field that holds what is not allowed, by its full name such as `kagzi.v1.Failure.code`; nil when no single
  /// field is at fault.
  public var field: String?

  public init(message: String, field: String? = nil) {
    self.message = message
    self.field = field
  }
}

/// Which sides of an RPC send more than one message.
public enum RPCKind: Sendable {
  case unary
  case clientStreaming
  case serverStreaming
  case bidirectional
}

/// One RPC of the contract: generated as a caseless enum, e.g. `WorkflowService.StartWorkflow`.
public protocol RPCMethod {
  associatedtype Request: WireMessage
  associatedtype Response: WireMessage
  /// The full name of the service, e.g. `kagzi.v1.WorkflowService`.
  static var service: String { get }
  /// The name of the RPC, e.g. `StartWorkflow`.
  static var name: String { get }
  /// The HTTP/2 path, e.g. `/kagzi.v1.WorkflowService/StartWorkflow`.
  static var path: String { get }
  /// Which sides stream.
  static var kind: RPCKind { get }
}
