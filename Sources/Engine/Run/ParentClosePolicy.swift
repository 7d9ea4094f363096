/// What happens to a child when its parent closes. Raw values are those of the contract and of the database.
package enum ParentClosePolicy: Int16, Sendable, CaseIterable {
  /// The child is asked to cancel.
  case cancel = 1
  /// The child is terminated.
  case terminate = 2
  /// The child goes on.
  case abandon = 3
}
