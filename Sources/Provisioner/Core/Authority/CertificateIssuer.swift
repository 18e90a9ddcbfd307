package import FirmwareImage
package import OpenSSL

package struct IssuedCertificate: Sendable {
  package var chain: String { get throws(CertificateError) { "" } }
}

package protocol CertificateIssuer: Sendable {
  func issueDeviceCertificate(request: CertificateRequest, device: DeviceID) async throws -> IssuedCertificate
  var trustRoots: [X509Certificate] { get }
}
