package import DeviceCertificates
import OpenSSL
package import ProvisionerDomain

/// What operators hand to devices: secrets, with the root by which a device knows the Provisioner.
package struct ClaimTexts: Sendable {
  private let issuer: (any CertificateIssuer)?

  package init(issuer: (any CertificateIssuer)?) {
    self.issuer = issuer
  }

  /// The text that an operator hands on for a secret.
  package func text(of secret: SecretText) throws -> String {
    // The newest root comes first: a device that learns it now can use it longest.
    try ClaimText.text(secret: secret, root: issuer?.trustRoots.first?.der)
  }
}
