internal import GRPC
internal import Messages
internal import Store

extension Coordinator {
  internal func createNamespace(
    _ request: CreateNamespaceRequest, _ call: ServerCall, _ responder: consuming Responder<CreateNamespaceResponse>
  ) {
    responder.answer { [self] in
      let create = CreateNamespace(
        namespace: try newNamespaceName(request.name), description: try namespaceDescription(request.description),
        retentionMilliseconds: try positive(request.retention, "retention"))
      guard let row = try await store.write(create).first else {
        throw Status.resourceExists("namespace", request.name)
      }
      try await registryChanged()
      return CreateNamespaceResponse(namespace: Messages.Namespace(row))
    }
  }

  private func newNamespaceName(_ name: String) throws(Status) -> String {
    let isGood = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
        UInt8(ascii: "_"), UInt8(ascii: "."):
        true
      default: false
      }
    }
    guard (1...63).contains(name.utf8.count), isGood else {
      throw .invalid("name", "must be 1 to 63 of a-z, 0-9, '-', '_' and '.'")
    }
    return name
  }

  internal func namespaceDescription(_ text: String) throws(Status) -> String {
    guard text.utf8.count <= limits.maxDescriptionBytes else {
      throw .invalid("description", "has \(text.utf8.count) bytes: at most \(limits.maxDescriptionBytes) are allowed")
    }
    return text
  }
}

extension Messages.Namespace {
  internal init(_ row: NamespaceRow) {
    self.init(
      name: row.name, description: row.description, enabled: row.isEnabled,
      retention: row.retentionMilliseconds.map { ProtoDuration(milliseconds: $0) },
      createdAt: Timestamp(row.createdAt))
  }
}
