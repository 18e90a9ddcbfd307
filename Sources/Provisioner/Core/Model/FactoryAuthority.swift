package import FoundationEssentials

/// A factory's CA: whoever has a certificate of it enrols without a claim.
package struct FactoryAuthority: Sendable, Equatable {
  /// SHA-256 of the certificate in DER.
  package var id: [UInt8]
  /// DER.
  package var certificate: [UInt8]
  package var subject: String
  package var notAfter: Date
  package var placement: DevicePlacement
  /// Devices become PREFIX-SERIAL.
  package var namePrefix: String
  package var createdAt: Date
  package var deviceCount: Int
}
