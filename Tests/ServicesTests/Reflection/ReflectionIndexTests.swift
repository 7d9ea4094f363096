import Messages
import Testing

@testable import Services

@Suite("Reflection answers from the embedded contract")
struct ReflectionIndexTests {
  private let index = ReflectionIndex(services: ["b", "a", "b"])

  private func answer(
    _ question: ServerReflectionRequest.MessageRequest?, sent: inout Set<String>
  ) -> ReflectionIndex.Answer {
    index.answer(ServerReflectionRequest(host: "h", messageRequest: question), sent: &sent)
  }

  private func answer(_ question: ServerReflectionRequest.MessageRequest?) -> ReflectionIndex.Answer {
    var sent: Set<String> = []
    return answer(question, sent: &sent)
  }

  @Test("Services are listed once, sorted")
  func list() {
    let expected = ListServiceResponse(service: [ServiceResponse(name: "a"), ServiceResponse(name: "b")])
    #expect(answer(.listServices("")) == .listServicesResponse(expected))
  }

  @Test(
    "A symbol's file comes with all it imports",
    arguments: [
      "kagzi.v1.WorkerService", "kagzi.v1.WorkerService.Work", "kagzi.v1.RegisterWorkerRequest",
      "grpc.health.v1.HealthCheckResponse.ServingStatus", "kagzi.conformance.v1.Sample.Nested.Kind",
    ])
  func symbols(symbol: String) throws {
    guard case .fileDescriptorResponse(let response) = answer(.fileContainingSymbol(symbol)) else {
      Issue.record("no file for \(symbol)")
      return
    }
    #expect(Set(response.fileDescriptorProto).count == response.fileDescriptorProto.count)
    let name = try #require(index.file(declaring: symbol))
    #expect(answer(.fileByFilename(name)) == .fileDescriptorResponse(response))
  }

  @Test("A stream that has the imports gets only the file")
  func onceAStream() {
    var sent: Set<String> = []
    _ = answer(.fileByFilename("kagzi/v1/worker.proto"), sent: &sent)
    guard
      case .fileDescriptorResponse(let again) = answer(.fileByFilename("kagzi/v1/worker.proto"), sent: &sent)
    else {
      Issue.record("no file")
      return
    }
    #expect(again.fileDescriptorProto.count == 1)
  }

  @Test(
    "What is not here is NOT_FOUND",
    arguments: [
      .fileByFilename("nothing.proto"), .fileContainingSymbol("kagzi.v1.Nothing"),
      .allExtensionNumbersOfType("Nothing"),
      .fileContainingExtension(ExtensionRequest(containingType: "kagzi.v1.Payload", extensionNumber: 1)),
    ] as [ServerReflectionRequest.MessageRequest])
  func notFound(question: ServerReflectionRequest.MessageRequest) {
    guard case .errorResponse(let error) = answer(question) else {
      Issue.record("an answer to \(question)")
      return
    }
    #expect(error.errorCode == 5)
  }

  @Test("No question is INVALID_ARGUMENT; a type without extensions has no numbers")
  func edges() {
    #expect(answer(nil) == .errorResponse(ErrorResponse(errorCode: 3, errorMessage: "nothing was asked")))
    #expect(
      answer(.allExtensionNumbersOfType("kagzi.v1.Payload"))
        == .allExtensionNumbersResponse(ExtensionNumberResponse(baseTypeName: "kagzi.v1.Payload")))
  }
}
