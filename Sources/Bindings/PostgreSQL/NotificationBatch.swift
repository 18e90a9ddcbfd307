import CPostgreSQL

/// What a connection that listens has received.
struct NotificationBatch: Sendable {
  var notifications: [PostgresNotification] = []
  /// How many came beyond the limit and were dropped.
  var droppedCount = 0
}

/// A message that some session sent with NOTIFY, and the `channel` that it was sent to.
package struct PostgresNotification: Sendable, Hashable {
  package let channel: String
  /// Its text, of less than 8000 bytes, by PostgreSQL's limit.
  package let payload: String
}

extension ConnectionHandle {
  /// Waits for at least one notification or the watch's deadline.
  func notifications(atMost limit: Int, _ watch: Watch) throws(PostgresError) -> NotificationBatch {
    var batch = takeNotifications(atMost: limit)
    while batch.notifications.isEmpty {
      guard !isBroken else { throw PostgresError(.connectionLost, "the database connection is closed") }
      guard !watch.interrupt.isTriggered else {
        throw PostgresError(.cancelled, "waiting for notifications was cancelled")
      }
      if ContinuousClock.now >= watch.deadline { break }
      if pollSocket(writing: false, reading: true, until: watch.deadline) {
        guard unsafe PQconsumeInput(pointer) != 0 else { throw lastFailure(.connectionLost) }
        // Also lets libpq notice that the server said goodbye.
        _ = unsafe PQisBusy(pointer)
        batch = takeNotifications(atMost: limit)
      }
    }
    return batch
  }

  private func takeNotifications(atMost limit: Int) -> NotificationBatch {
    var batch = NotificationBatch()
    while let notification = unsafe PQnotifies(pointer) {
      defer { unsafe PQfreemem(notification) }
      if batch.notifications.count < limit {
        unsafe batch.notifications.append(
          PostgresNotification(
            channel: String(cString: notification.pointee.relname), payload: String(cString: notification.pointee.extra)
          ))
      } else {
        batch.droppedCount += 1
      }
    }
    return batch
  }
}
