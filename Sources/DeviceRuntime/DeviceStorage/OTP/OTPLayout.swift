/// Where in the bank each field is: words of 32 bits, little-endian, word n at byte 4n. docs/otp.md describes it.
package enum OTPLayout {
  /// How many words of 4 bytes a bank has.
  static let wordCount = 36
  /// The size of the whole bank.
  package static let byteCount = wordCount * 4

  /// The word that says what those after it mean: "XTB1".
  static let format = 0
  static let formatValue: UInt32 = 0x3142_5458

  static let flags = 1
  static let provisioned: UInt32 = 1 << 0
  static let publisherSignatureRequired: UInt32 = 1 << 1

  /// The words of the security epoch, a thermometer: the epoch is the number of the highest bit set, counted from 1.
  static let securityEpoch = 2..<6
  /// The highest epoch that the fuses can say.
  package static let highestSecurityEpoch = UInt32(securityEpoch.count * 32)

  /// The bits that an epoch blows, from the lowest word on; at most as much as there is.
  static func fuses(ofSecurityEpoch epoch: UInt32) -> [(word: Int, value: UInt32)] {
    var left = min(epoch, highestSecurityEpoch)
    return securityEpoch.compactMap { word in
      guard left > 0 else { return nil }
      let bits = min(left, 32)
      left -= bits
      return (word, UInt32.max >> (32 - bits))
    }
  }

  static let deviceID = 6..<10
  /// The SHA-256 of the device's SubjectPublicKeyInfo in DER.
  static let publicKeyHash = 10..<18
  /// The director's Ed25519 key.
  static let directorKey = 18..<26
  /// The SHA-256 of the first root document.
  static let rootDocumentHash = 26..<34

  /// The words of the locks: bit n of them, counted over both words, locks word n.
  static let locks = 34..<36
}
