/// The version of this binary and of the SDK in this package.
package enum KagziVersion {
  package static let current = "0.1.0"
}
