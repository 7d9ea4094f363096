/// How a call ended. `ok` is a status too; as a thrown error it is never `ok`.
package struct Status: Error, Sendable, Equatable {
  package var code: StatusCode

  /// For a person: what happened, to what, and what to do next.
  package var message: String

  /// A serialized `google.rpc.Status`, sent as `grpc-status-details-bin`.
  package var details: [UInt8]?

  package init(_ code: StatusCode, _ message: String = "", details: [UInt8]? = nil) {
    self.code = code
    self.message = message
    self.details = details
  }

  package static let ok = Status(.ok)
}

extension Status: CustomStringConvertible {
  package var description: String { message.isEmpty ? code.name : "\(code.name): \(message)" }
}
