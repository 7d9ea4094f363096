import GRPC
import Testing

/// Expects `body` to throw a status with this code.
func expect<R>(
  _ code: StatusCode, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> R
) async {
  do {
    _ = try await body()
    Issue.record("nothing was thrown", sourceLocation: sourceLocation)
  } catch let status as Status {
    #expect(status.code == code, "\(status)", sourceLocation: sourceLocation)
  } catch {
    Issue.record(error, sourceLocation: sourceLocation)
  }
}
