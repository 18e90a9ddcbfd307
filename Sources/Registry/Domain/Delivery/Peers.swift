package import Foundations

/// Who brings notifications to devices: the Notifier.
package protocol NotificationSender: Sendable {
  /// Sends a batch, and waits for what the broker makes of it.
  ///
  /// - Returns: an outcome for each notification, in their order.
  func send(_ batch: [OutboxEntry], deadline: Duration) async throws(RequestFailure) -> [NotificationOutcome]
}

/// Who gives devices their certificates and takes them back: the Provisioner.
package protocol CertificateProvider: Sendable {
  /// Takes back what the device was given, in the name of who asked for it.
  ///
  /// - Throws: `notFound` for a device that never enrolled.
  func revoke(_ device: DeviceID, reason: String, by requester: Requester, deadline: Duration)
    async throws(RequestFailure)

  /// Lets a device come back from which everything was taken.
  ///
  /// - Throws: `notFound` for a device that never enrolled.
  func reinstate(_ device: DeviceID, by requester: Requester, deadline: Duration) async throws(RequestFailure)
}
