internal import FoundationEssentials

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// The errno values that have a kind of their own.
enum PlatformErrno {
  static let timedOut = ETIMEDOUT
  static let noSuchFile = ENOENT
  static let notPermitted = EPERM
  static let accessDenied = EACCES
  static let cancelled = ECANCELED

  static func value(of error: POSIXError) -> Int { Int(error.code.rawValue) }

  /// What a broken or missing network gives.
  static let network: Set<Int32> = [
    ECONNREFUSED, ECONNRESET, ECONNABORTED, ENETDOWN, ENETUNREACH, ENETRESET, EHOSTDOWN, EHOSTUNREACH, EPIPE,
    ENOTCONN, EADDRNOTAVAIL, ESHUTDOWN,
  ]
}
