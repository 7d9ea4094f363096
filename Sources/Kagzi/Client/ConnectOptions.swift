public import Logging

/// How to connect.
public struct ConnectOptions: Sendable {
  /// The namespace of every call and of every worker. Empty: KAGZI_NAMESPACE, else `default`.
  public var namespace: String
  /// Nil: plaintext.
  public var tls: TLSOptions?
  /// How long to wait for the coordinator.
  public var timeout: Duration
  /// Where the SDK logs.
  public var logger: Logger

  public init(
    namespace: String = "", tls: TLSOptions? = nil, timeout: Duration = .seconds(10),
    logger: Logger = Logger(label: "kagzi")
  ) {
    self.namespace = namespace
    self.tls = tls
    self.timeout = timeout
    self.logger = logger
  }
}

/// How the connection is encrypted.
public struct TLSOptions: Sendable, Hashable {
  /// PEM file of the authorities to trust. Nil: the system's.
  public var trustRootsPath: String?
  /// PEM files of the client's own certificate chain and key, if the coordinator asks for one.
  public var certificatePath: String?
  /// PEM file of the client's own key.
  public var privateKeyPath: String?
  /// The name that the certificate must have. Nil: the address's host.
  public var serverName: String?

  public init(
    trustRootsPath: String? = nil, certificatePath: String? = nil, privateKeyPath: String? = nil,
    serverName: String? = nil
  ) {
    self.trustRootsPath = trustRootsPath
    self.certificatePath = certificatePath
    self.privateKeyPath = privateKeyPath
    self.serverName = serverName
  }
}
