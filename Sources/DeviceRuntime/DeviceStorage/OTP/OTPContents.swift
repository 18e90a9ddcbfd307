package import Foundations

/// What a bank's words mean. As JSON it is what `otp show --json` prints and what the Provisioner is told.
///
/// `publicKeyHash`, `directorKey` and `rootDocumentHash` are 32 bytes each, as hexadecimal digits; nil: not
/// programmed. `publisherSignatureRequired`: images without a publisher's signature are refused. `securityEpoch` is
/// the lowest epoch of an image that the device takes; 0: any. `lockedWords` are the numbers of the words whose fuses
/// nobody can blow any more, ascending.
package struct OTPContents: Sendable, Hashable, Codable {
  /// The ID that is burnt; nil: none.
  package var deviceID: DeviceID?
  package var publicKeyHash: String?
  package var directorKey: String?
  package var rootDocumentHash: String?
  package var publisherSignatureRequired: Bool
  package var securityEpoch: UInt32
  /// Whether everything was programmed that a device needs.
  package var provisioned: Bool
  package var lockedWords: [Int]

  package init(_ words: OTPWords) {
    func field(_ range: Range<Int>) -> String? {
      let bytes = words[range]
      return bytes.allSatisfy { $0 == 0 } ? nil : Hexadecimal.encode(bytes)
    }
    deviceID = field(OTPLayout.deviceID).flatMap { Hexadecimal.decode($0) }.flatMap { DeviceID(bytes: $0) }
    publicKeyHash = field(OTPLayout.publicKeyHash)
    directorKey = field(OTPLayout.directorKey)
    rootDocumentHash = field(OTPLayout.rootDocumentHash)
    publisherSignatureRequired = words[OTPLayout.flags] & OTPLayout.publisherSignatureRequired != 0
    securityEpoch = words.securityEpoch
    provisioned =
      words[OTPLayout.flags] & OTPLayout.provisioned != 0 && words[OTPLayout.format] == OTPLayout.formatValue
    lockedWords = words.lockedWords
  }
}

extension OTPWords {
  /// The highest fuse that is blown counts, whatever is below it: what was raised can't be lowered.
  package var securityEpoch: UInt32 {
    for (index, word) in OTPLayout.securityEpoch.enumerated().reversed() where self[word] != 0 {
      return UInt32(index * 32 + 32 - self[word].leadingZeroBitCount)
    }
    return 0
  }
}

extension OTPBank {
  /// Raises the lowest epoch that the device takes. It is never lowered; above the bank's highest it becomes that.
  ///
  /// - Returns: the epoch that the bank holds now.
  @discardableResult
  package func raiseSecurityEpoch(to epoch: UInt32) throws(OTPError) -> UInt32 {
    for (word, bits) in OTPLayout.fuses(ofSecurityEpoch: epoch) { try program(bits, word: word) }
    return try read().securityEpoch
  }
}
