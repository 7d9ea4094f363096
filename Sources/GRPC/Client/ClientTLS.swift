package import NIOSSL

/// TLS of a client: whom it trusts, and its own certificate where the server wants one.
package struct ClientTLS: Sendable {
  let context: NIOSSLContext
  let serverName: String?

  /// Trusts `authorities` (a PEM file) or, without, what the system trusts. `serverName` replaces the host name that the
  /// certificate must carry.
  package init(
    authorities: String? = nil, certificateChain: String? = nil, privateKey: String? = nil, serverName: String? = nil
  ) throws {
    var configuration = TLSConfiguration.makeClientConfiguration()
    if let authorities { configuration.trustRoots = .file(authorities) }
    if let certificateChain, let privateKey {
      configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(certificateChain).map { .certificate($0) }
      configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: privateKey, format: .pem))
    }
    try self.init(configuration: configuration, serverName: serverName)
  }

  /// From a configuration; its ALPN list is set here.
  package init(configuration: TLSConfiguration, serverName: String? = nil) throws {
    var configuration = configuration
    configuration.applicationProtocols = ["h2"]
    context = try NIOSSLContext(configuration: configuration)
    self.serverName = serverName
  }
}
