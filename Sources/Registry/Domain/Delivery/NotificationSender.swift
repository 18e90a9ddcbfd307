package import Foundations

/// Who brings notifications to devices: the Notifier.
package protocol NotificationSender: Sendable {
  /// Sends a batch, and waits for what the broker makes of it.
  ///
  /// - Returns: an outcome for each notification, in their order.
  func send(_ batch: [OutboxEntry], deadline: Duration) async throws(RequestFailure) -> [NotificationOutcome]
}
