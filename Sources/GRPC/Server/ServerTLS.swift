package import NIOSSL

/// TLS of a server: its certificate, and whether clients must have one. ALPN offers `h2` only.
package struct ServerTLS: Sendable {
  let context: NIOSSLContext

  /// From PEM files. With `clientAuthorities` every client must present a certificate that they signed (mutual TLS).
  ///
  /// Throws what NIOSSL throws for files it cannot read or parse.
  package init(certificateChain: String, privateKey: String, clientAuthorities: String? = nil) throws {
    let chain = try NIOSSLCertificate.fromPEMFile(certificateChain).map { NIOSSLCertificateSource.certificate($0) }
    let key = try NIOSSLPrivateKey(file: privateKey, format: .pem)
    var configuration = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
    if let clientAuthorities {
      configuration.trustRoots = .file(clientAuthorities)
      configuration.certificateVerification = .noHostnameVerification
    }
    try self.init(configuration: configuration)
  }

  /// From a configuration; its ALPN list and lowest version (1.2) are set here.
  package init(configuration: TLSConfiguration) throws {
    var configuration = configuration
    configuration.applicationProtocols = ["h2"]
    switch configuration.minimumTLSVersion {
    case .tlsv1, .tlsv11: configuration.minimumTLSVersion = .tlsv12
    default: break
    }
    context = try NIOSSLContext(configuration: configuration)
  }
}
