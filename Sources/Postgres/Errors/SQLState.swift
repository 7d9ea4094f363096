/// The five characters by which Postgres names an error (PostgreSQL manual, appendix A).
package struct SQLState: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
  package let rawValue: String

  package init(rawValue: String) { self.rawValue = rawValue }
  private init(_ rawValue: String) { self.rawValue = rawValue }

  /// The first two characters: the class of the error.
  package var classCode: Substring { rawValue.prefix(2) }
  package var description: String { rawValue }

  package static let warning = SQLState("01000")
  package static let statementCompletionUnknown = SQLState("40003")
  package static let cachedPlanChanged = SQLState("0A000")
  package static let characterNotInRepertoire = SQLState("22021")
  package static let untranslatableCharacter = SQLState("22P05")
  package static let notNullViolation = SQLState("23502")
  package static let foreignKeyViolation = SQLState("23503")
  package static let uniqueViolation = SQLState("23505")
  package static let checkViolation = SQLState("23514")
  package static let readOnlyTransaction = SQLState("25006")
  package static let inFailedTransaction = SQLState("25P02")
  package static let invalidStatementName = SQLState("26000")
  package static let serializationFailure = SQLState("40001")
  package static let deadlockDetected = SQLState("40P01")
  package static let undefinedTable = SQLState("42P01")
  package static let tooManyConnections = SQLState("53300")
  package static let lockNotAvailable = SQLState("55P03")
  package static let queryCanceled = SQLState("57014")
  package static let adminShutdown = SQLState("57P01")
  package static let crashShutdown = SQLState("57P02")
  package static let cannotConnectNow = SQLState("57P03")
}
