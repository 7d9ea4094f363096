/// An error of the server, of the connection to it, or of this module: code, message, cause.
package struct PostgresError: Error, Sendable {
  package enum Code: Sendable, Hashable {
    /// The server's own report.
    case server(SQLState)
    /// No connection could be made.
    case connectionFailed
    /// The connection ended while it was in use.
    case connectionLost
    /// The deadline passed; the connection was dropped.
    case timedOut
    /// A row was not what its statement expects. The statement itself was done.
    case undecodable(PostgresDecodingError)
    /// More statements or bytes than the limits allow; nothing was done.
    case tooLarge
    /// The waiting queue is full.
    case queueFull
    /// The pool or connection was stopped.
    case stopped
    /// libpq answered in a way that the protocol does not allow.
    case protocolViolation
  }

  package let code: Code
  /// What happened, for a person; never holds a password or a parameter.
  package let message: String
  package var detail: String?
  package var hint: String?
  /// The constraint, or else the column, that the server named.
  package var constraint: String?
  /// The statement's name.
  package var statement: String?
  /// Whether what was sent may have been committed all the same.
  package var isFateUnknown = false
  package var cause: (any Error)?

  package init(_ code: Code, _ message: String, isFateUnknown: Bool = false, cause: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.isFateUnknown = isFateUnknown
    self.cause = cause
  }

  /// The server's SQLSTATE, if it is the server's error.
  package var sqlState: SQLState? {
    guard case .server(let state) = code else { return nil }
    return state
  }
}

extension PostgresError: CustomStringConvertible {
  package var description: String {
    var text = message
    if case .server(let state) = code { text += " (SQLSTATE \(state))" }
    if let detail { text += "; \(detail)" }
    if let hint { text += "; \(hint)" }
    if let statement { text += "; statement \(statement)" }
    if isFateUnknown { text += "; it may or may not have been committed" }
    if let cause { text += "; caused by \(cause)" }
    return text
  }
}
