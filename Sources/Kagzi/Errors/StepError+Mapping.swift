internal import FoundationEssentials
internal import GRPC

extension StepError {
  /// What is recorded of an error that a step, an activity or a workflow threw.
  ///
  /// A `StepError` is kept as it is and an `ErrorKindProviding` error keeps its kind; network, timeout and database
  /// errors of the platform and of common packages map to kinds; everything else is `unknown`, which the default
  /// predicate does not retry.
  public init(recording error: any Error) {
    switch error {
    case let error as StepError: self = error
    case let error as DuplicateStepName:
      self.init(.invalidInput, error.description, source: error.name, code: "DUPLICATE_STEP_NAME")
    case let error as WorkflowError: self = error.stepError
    case let error as KagziError: self = error.stepError
    default:
      let type = String(reflecting: Swift.type(of: error))
      self.init(ErrorKind(classifying: error, type: type), String(describing: error), source: type)
    }
  }
}

extension ErrorKind {
  init(classifying error: any Error, type: String) {
    switch error {
    case let error as any ErrorKindProviding: self = error.errorKind
    case is CancellationError: self = .cancelled
    case let error as Status: self.init(error.code)
    case let error as POSIXError: self = Self.posixError(PlatformErrno.value(of: error)) ?? .unknown
    default:
      self = Self.platform(domain: error._domain, code: error._code) ?? Self.package(type: type) ?? .unknown
    }
  }

  init(_ code: StatusCode) {
    switch code {
    case .unavailable: self = .serviceUnavailable
    case .deadlineExceeded: self = .timeout
    case .resourceExhausted: self = .rateLimited
    case .cancelled: self = .cancelled
    case .notFound: self = .notFound
    case .permissionDenied, .unauthenticated: self = .permissionDenied
    case .invalidArgument, .outOfRange: self = .invalidInput
    default: self = .unknown
    }
  }

  /// Foundation's `URLError` and bridged errno, told by their domains so that Foundation's networking is not linked.
  private static func platform(domain: String, code: Int) -> ErrorKind? {
    switch domain {
    case "NSURLErrorDomain": urlError(code)
    case "NSPOSIXErrorDomain": posixError(code)
    default: nil
    }
  }

  private static func urlError(_ code: Int) -> ErrorKind {
    switch code {
    case -1001: .timeout
    case -999: .cancelled
    case -1000, -1002: .invalidInput
    case -1012, -1013, -1102: .permissionDenied
    case -1100: .notFound
    case -1011: .serviceUnavailable
    default: .networkError
    }
  }

  private static func posixError(_ code: Int) -> ErrorKind? {
    switch Int32(truncatingIfNeeded: code) {
    case PlatformErrno.timedOut: .timeout
    case PlatformErrno.noSuchFile: .notFound
    case PlatformErrno.notPermitted, PlatformErrno.accessDenied: .permissionDenied
    case PlatformErrno.cancelled: .cancelled
    case let code where PlatformErrno.network.contains(code): .networkError
    default: nil
    }
  }

  /// Errors of packages that this one does not import, told by the names of their types.
  private static func package(type: String) -> ErrorKind? {
    switch type {
    case "NIOCore.ChannelError", "NIOCore.IOError", "NIOPosix.NIOConnectionError", "NIOCore.NIOConnectionError",
      "AsyncHTTPClient.HTTPClientError", "NIOSSL.NIOSSLError", "NIOSSL.BoringSSLError", "GRPC.ClientConnectionError":
      .networkError
    case "PostgresNIO.PSQLError", "PostgresNIO.PostgresError", "MySQLNIO.MySQLError", "SQLiteNIO.SQLiteError",
      "GRDB.DatabaseError", "MongoKitten.MongoError", "RediStack.RedisError":
      .databaseError
    default: nil
    }
  }
}
