internal import OperatorHTTP

extension CoordinatorServer.Settings {
  /// Serves the HTTP pages on loopback unless something else was asked for; a port that is taken is no obstacle.
  package mutating func usePagesByDefault() {
    pages = pages ?? OperatorPages.Settings(host: "127.0.0.1", port: 7481, isPortNegotiable: true)
  }
}
