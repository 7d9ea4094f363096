/// Why a cron expression cannot be used; the text is for the person who wrote it.
package struct CronError: Error, Sendable, Hashable, CustomStringConvertible {
  package var description: String

  internal init(_ description: String) { self.description = description }
}
