package import FirmwareImage
package import OpenSSL

/// Makes certificates for devices.
package protocol CertificateIssuer: Sendable {
  /// Signs a certificate for the key of the request. It is good once it is recorded: ``CertificateStore/record(_:in:)``.
  func issueDeviceCertificate(request: CertificateRequest, device: DeviceID) async throws -> IssuedCertificate

  /// The roots that devices are to trust.
  var trustRoots: [X509Certificate] { get }
}
