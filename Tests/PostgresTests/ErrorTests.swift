import Postgres
import Testing

@Suite("An error of Postgres")
struct ErrorTests {
  @Test(
    "says what to do about it",
    arguments: [
      ("40001", PostgresFault.retryable), ("40P01", .retryable), ("55P03", .retryable),
      ("08006", .reconnect), ("57P01", .reconnect), ("57P02", .reconnect), ("57P03", .reconnect), ("25006", .reconnect),
      ("40003", .fateUnknown), ("53100", .backOff), ("53300", .backOff), ("57014", .backOff),
      ("22021", .callersFault), ("22P05", .callersFault), ("22003", .callersFault), ("54000", .callersFault),
      ("23505", .constraint("runs_pkey")), ("23514", .constraint("runs_pkey")), ("42P01", .bug), ("XX000", .bug),
    ])
  func fault(state: String, fault: PostgresFault) {
    var error = PostgresError(.server(SQLState(rawValue: state)), "message")
    error.constraint = "runs_pkey"
    #expect(error.fault == fault)
    error.isFateUnknown = true
    #expect(error.fault == .fateUnknown)
  }
}
