/// An error that knows its own kind. Conform an application's errors to it, and retries follow from the kind.
public protocol ErrorKindProviding: Error {
  /// The kind that is recorded.
  var errorKind: ErrorKind { get }
}
