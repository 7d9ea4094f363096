import GRPC
import Messages

extension ReflectionIndex {
  typealias Answer = ServerReflectionResponse.MessageResponse

  /// The answer to one question of a stream that has sent the files in `sent`.
  func answer(_ request: ServerReflectionRequest, sent: inout Set<String>) -> Answer {
    switch request.messageRequest {
    case .listServices:
      .listServicesResponse(ListServiceResponse(service: services.map { ServiceResponse(name: $0) }))
    case .fileByFilename(let name):
      files(of: name, asked: "file \(name)", sent: &sent)
    case .fileContainingSymbol(let symbol):
      files(of: file(declaring: symbol), asked: "symbol \(symbol)", sent: &sent)
    case .fileContainingExtension(let request):
      notFound("extension \(request.extensionNumber) of \(request.containingType)")
    case .allExtensionNumbersOfType(let type):
      file(declaring: type) == nil
        ? notFound("type \(type)") : .allExtensionNumbersResponse(ExtensionNumberResponse(baseTypeName: type))
    case nil:
      .errorResponse(
        ErrorResponse(errorCode: Int32(StatusCode.invalidArgument.rawValue), errorMessage: "nothing was asked"))
    }
  }

  private func files(of name: String?, asked: String, sent: inout Set<String>) -> Answer {
    guard let name, let files = fileWithImports(name, sent: &sent) else { return notFound(asked) }
    return .fileDescriptorResponse(FileDescriptorResponse(fileDescriptorProto: files))
  }

  private func notFound(_ asked: String) -> Answer {
    .errorResponse(
      ErrorResponse(errorCode: Int32(StatusCode.notFound.rawValue), errorMessage: "there is no \(asked) here"))
  }
}
