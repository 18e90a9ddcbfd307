package import Foundations

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
