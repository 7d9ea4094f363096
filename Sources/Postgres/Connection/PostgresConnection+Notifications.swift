internal import CLibpq
internal import Glibc

extension PostgresConnection {
  /// Listens to a channel on this connection.
  package func listen(to channel: String) throws(PostgresError) {
    let quoted = channel.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
    try executeScript("LISTEN \"\(quoted)\"")
  }

  /// Notifications that were read already.
  internal func takeNotifications() -> [PostgresNotification] {
    checkThread()
    var notifications: [PostgresNotification] = []
    while let notification = PQnotifies(handle) {
      let payload = notification.pointee.extra.map { String(cString: $0) } ?? ""
      notifications.append(
        PostgresNotification(channel: String(cString: notification.pointee.relname), payload: payload))
      PQfreemem(notification)
    }
    return notifications
  }

  /// Waits, without a limit, until the server sends something or `wakeUp` is readable.
  internal func waitForNotifications(orReadable wakeUp: Int32) throws(PostgresError) {
    checkThread()
    var descriptors = [
      pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0),
      pollfd(fd: wakeUp, events: Int16(POLLIN), revents: 0),
    ]
    guard poll(&descriptors, 2, -1) > 0, descriptors[0].revents != 0 else { return }
    guard PQconsumeInput(handle) == 1, PQstatus(handle) == CONNECTION_OK else {
      throw lost(.connectionLost, "the connection ended: \(libpqMessage)", isFateUnknown: false)
    }
  }
}

/// What a NOTIFY carries.
package struct PostgresNotification: Sendable, Hashable {
  package let channel: String
  package let payload: String

  package init(channel: String, payload: String) {
    self.channel = channel
    self.payload = payload
  }
}
