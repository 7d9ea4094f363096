package import Postgres

extension StoreError {
  /// Translates an error of a statement that will not be tried again.
  package init(_ error: PostgresError) {
    switch error.fault {
    case .retryable: self = .conflict("\(error)")
    case .reconnect, .backOff: self = .unavailable("\(error)")
    case .fateUnknown: self = .fateUnknown("\(error)")
    case .callersFault: self = .invalidData("\(error)")
    case .constraint(let name): self = .constraint(name)
    case .refused: self = error.code == .queueFull ? .queueFull : .unavailable("\(error)")
    case .bug: self = .internal("\(error)")
    }
  }

  /// Translates whatever a read or an executor threw.
  package init(translating error: any Error) {
    switch error {
    case let error as StoreError: self = error
    case let error as PostgresError: self = StoreError(error)
    default: self = .internal("\(error)")
    }
  }
}
