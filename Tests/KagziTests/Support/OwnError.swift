@testable import Kagzi

/// An application's error that knows its kind.
struct OwnError: ErrorKindProviding {
  var errorKind: ErrorKind { .databaseError }
}
