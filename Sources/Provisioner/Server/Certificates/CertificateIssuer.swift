package import CertificateAuthority
package import Foundations
package import OpenSSL

/// Makes certificates for devices.
package protocol CertificateIssuer: Sendable {
  /// Signs a certificate for the key of the request. It is good once it is recorded: ``CertificateStore/record(_:in:)``.
  func issueDeviceCertificate(request: CertificateRequest, device: DeviceID) async throws -> IssuedCertificate

  /// A certificate that was given out before, with what is presented with it now; nil if its issuer is here no more.
  func presented(_ stored: StoredCertificate, of device: DeviceID) -> IssuedCertificate?

  /// The roots that devices are to trust.
  var trustRoots: [X509Certificate] { get }

  /// What leads from newer roots to older ones.
  var crossCertificates: [X509Certificate] { get }
}
