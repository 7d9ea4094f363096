/// The limits of this module.
package enum PostgresLimits {
  /// Statements in one pipeline.
  package static let pipelineStatements = 10_000
  /// Bytes of parameters in one pipeline.
  package static let pipelineBytes = 256 << 20
  /// Bytes of the parameter buffer that a connection keeps between statements.
  package static let keptParameterBytes = 1 << 20
  /// Cancel requests that may be under way at once, in the whole process.
  package static let cancellations = 8
  /// The oldest server that is served.
  package static let oldestServerVersion: Int32 = 150_000
}
