internal import CLibpq

extension PostgresConnection {
  /// The one place where a server's report becomes an error. Without a SQLSTATE it is libpq's own report of a lost connection.
  internal func serverError(_ result: borrowing PostgresResult) -> PostgresError {
    guard let state = result.errorField("C") else {
      return lost(.connectionLost, "the connection ended: \(libpqMessage)", isFateUnknown: true)
    }
    let code = SQLState(rawValue: state)
    var error = PostgresError(.server(code), result.errorField("M") ?? "")
    error.detail = code.classCode == "22" ? nil : result.errorField("D")
    error.hint = result.errorField("H")
    error.constraint = result.errorField("n") ?? result.errorField("c")
    if code == .cachedPlanChanged && !error.message.contains("cached plan") {
      error = PostgresError(.server(SQLState(rawValue: "0A001")), error.message)
    }
    return error
  }
}
