package import FoundationEssentials

/// A factory's CA: whoever has a certificate of it enrols without a claim.
///
/// `subject` is its distinguished name and `notAfter` the end of its certificate. Its devices get the `placement`.
/// `createdAt` is when an operator added it, and `deviceCount` how many devices have enrolled by it; 0 where only the
/// CA itself was asked for.
package struct FactoryAuthority: Sendable, Equatable {
  /// SHA-256 of the certificate in DER.
  package var id: [UInt8]
  /// The CA's certificate in DER.
  package var certificate: [UInt8]
  package var subject: String
  package var notAfter: Date
  package var placement: DevicePlacement
  /// What its devices' names begin with: PREFIX-SERIAL.
  package var namePrefix: String
  package var createdAt: Date
  package var deviceCount: Int

  package init(
    id: [UInt8], certificate: [UInt8], subject: String, notAfter: Date, placement: DevicePlacement, namePrefix: String,
    createdAt: Date, deviceCount: Int
  ) {
    self.id = id
    self.certificate = certificate
    self.subject = subject
    self.notAfter = notAfter
    self.placement = placement
    self.namePrefix = namePrefix
    self.createdAt = createdAt
    self.deviceCount = deviceCount
  }
}
