internal import GRPC
internal import Messages
internal import Store

extension Responder {
  /// Answers with what an asynchronous body returns, or with the status of what it throws.
  internal consuming func answer(_ body: @escaping @Sendable () async throws -> Response) {
    let reply = detach()
    Task {
      do {
        reply.succeed(try await body())
      } catch let status as Status {
        reply.fail(status)
      } catch let error as StoreError {
        reply.fail(Status(error))
      } catch {
        reply.fail(Status(.internal, "\(error)"))
      }
    }
  }
}
