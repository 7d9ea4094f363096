internal import GRPC
internal import Messages

/// Isolation boundaries: `kagzi.namespaces`. Its calls name their namespace themselves, whichever one the client is bound
/// to; to work in one, connect with `ConnectOptions(namespace:)`.
public struct Namespaces: Sendable {
  let client: Kagzi

  /// Creates a namespace. `retention`: how long closed runs are kept; nil: for ever.
  ///
  /// Throws `KagziError`: `alreadyExists` if there is one of that name, `invalid` for a name that cannot be one.
  @discardableResult
  public func create(
    _ name: String, description: String = "", retention: Duration? = nil
  ) async throws -> NamespaceDescription {
    let request = CreateNamespaceRequest(
      name: name, description: description, retention: retention.map { ProtoDuration($0) })
    return try described(
      try await client.call(AdminService.CreateNamespace.self, request, isIdempotent: false).namespace)
  }

  /// Reads a namespace. Throws `KagziError` with code `notFound` if there is none of that name.
  public func get(_ name: String) async throws -> NamespaceDescription {
    try described(try await client.call(AdminService.GetNamespace.self, GetNamespaceRequest(name: name)).namespace)
  }

  /// All namespaces, by name.
  public func list() async throws -> [NamespaceDescription] {
    var request = ListNamespacesRequest(pageSize: 1_000)
    var namespaces: [NamespaceDescription] = []
    repeat {
      let response = try await client.call(AdminService.ListNamespaces.self, request)
      namespaces += response.namespaces.map { NamespaceDescription($0) }
      request.pageToken = response.nextPageToken
    } while !request.pageToken.isEmpty
    return namespaces
  }

  /// Changes what is given; a retention of zero keeps closed runs for ever.
  @discardableResult
  public func update(
    _ name: String, description: String? = nil, retention: Duration? = nil
  ) async throws -> NamespaceDescription {
    let request = UpdateNamespaceRequest(
      name: name, description: description, retention: retention.map { ProtoDuration($0) })
    return try described(try await client.call(AdminService.UpdateNamespace.self, request).namespace)
  }

  /// Lets a namespace take new work again.
  public func enable(_ name: String) async throws {
    _ = try await client.call(AdminService.EnableNamespace.self, EnableNamespaceRequest(name: name))
  }

  /// Refuses new work with the detail `namespaceDisabled`; open runs finish.
  public func disable(_ name: String) async throws {
    _ = try await client.call(AdminService.DisableNamespace.self, DisableNamespaceRequest(name: name))
  }

  private func described(_ namespace: Namespace?) throws -> NamespaceDescription {
    guard let namespace else { throw KagziError(.other, "The coordinator answered without a namespace") }
    return NamespaceDescription(namespace)
  }
}

extension Kagzi {
  /// Isolation boundaries.
  public var namespaces: Namespaces { Namespaces(client: self) }
}
