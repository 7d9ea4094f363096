internal import GRPC
internal import Messages
internal import Store

extension Coordinator {
  internal func getNamespace(
    _ request: GetNamespaceRequest, _ call: ServerCall, _ responder: consuming Responder<GetNamespaceResponse>
  ) {
    responder.answer { [self] in
      let name = try name(request.name, "name")
      guard let row = try await store.read(ListNamespaces(namespace: name, limit: 1)).first else {
        throw Status.notFound("namespace", name)
      }
      return GetNamespaceResponse(namespace: Messages.Namespace(row))
    }
  }

  internal func listNamespaces(
    _ request: ListNamespacesRequest, _ call: ServerCall, _ responder: consuming Responder<ListNamespacesResponse>
  ) {
    responder.answer { [self] in
      let size = try PageToken.size(request.pageSize)
      let after = try PageToken(request.pageToken).key
      let rows = try await store.read(ListNamespaces(after: after, limit: size + 1))
      let page = rows.prefix(size)
      return ListNamespacesResponse(
        namespaces: page.map { Messages.Namespace($0) },
        nextPageToken: rows.count > size ? PageToken(sequence: 0, key: page.last?.name ?? "").text : "")
    }
  }
}
