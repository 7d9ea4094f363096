/// A value that cannot be used: names the key, the value and what to do.
package struct ConfigurationError: Error, CustomStringConvertible, Equatable {
  package var description: String

  package init(_ description: String) { self.description = description }

  internal static func value(_ key: String, _ value: String, _ wanted: String) -> ConfigurationError {
    ConfigurationError("\(key) is '\(value)': it must be \(wanted)")
  }
}
