package import DeviceProtocol
package import Foundations

/// What a device's fuses are to say, as the Provisioner decided when the device enrolled.
///
/// `directorKey` and `rootDocumentHash` are 32 bytes each, as hexadecimal digits: the key whose signature on images
/// the device believes, and the SHA-256 of the first root document that it believes. `publisherSignatureRequired`
/// makes it refuse images without a publisher's signature. `securityEpoch` is the lowest epoch of an image that it
/// takes, from 0 to ``OTPLayout/highestSecurityEpoch``.
package struct OTPProgram: Sendable, Hashable, Codable {
  /// The members' names are those of the enrolment's answer.
  package typealias CodingKeys = FuseMember

  /// The ID that is burnt in.
  package var deviceID: DeviceID
  /// The SHA-256 of the device's public key, 32 bytes as hexadecimal digits.
  package var publicKeyHash: String
  package var directorKey: String
  package var rootDocumentHash: String
  package var publisherSignatureRequired: Bool
  package var securityEpoch: UInt32

  package init(
    deviceID: DeviceID, publicKeyHash: String, directorKey: String, rootDocumentHash: String,
    publisherSignatureRequired: Bool, securityEpoch: UInt32
  ) {
    self.deviceID = deviceID
    self.publicKeyHash = publicKeyHash
    self.directorKey = directorKey
    self.rootDocumentHash = rootDocumentHash
    self.publisherSignatureRequired = publisherSignatureRequired
    self.securityEpoch = securityEpoch
  }

  /// Blows the fuses, then locks the words whose meaning is for good; those of the epoch stay open, to be raised.
  ///
  /// If anything of the program can't be blown, nothing is. After an interruption the same program completes what was
  /// begun.
  package func apply(to bank: any OTPBank) throws(OTPError) {
    let assignments = try assignments()
    try check(try bank.read())
    for assignment in assignments {
      for (word, value) in assignment.words { try bank.program(value, word: word) }
    }
    try bank.raiseSecurityEpoch(to: securityEpoch)
    // Last, so that a bank that says so is complete.
    try bank.program(OTPLayout.provisioned, word: OTPLayout.flags)
    for assignment in assignments {
      for (word, _) in assignment.words { try bank.lock(word) }
    }
  }

  /// Makes sure that the program can be applied to a bank with these words.
  ///
  /// - Throws: what `apply` would throw before it blows anything.
  package func check(_ bank: OTPWords) throws(OTPError) {
    for assignment in try assignments() { try assignment.check(bank) }
    guard securityEpoch <= OTPLayout.highestSecurityEpoch else { throw .unencodable(field: "security epoch") }
    for (word, value) in OTPLayout.fuses(ofSecurityEpoch: securityEpoch) {
      guard bank[word] & value == value || !bank.isLocked(word) else { throw .locked(word: word) }
    }
  }

  private struct Assignment {
    var field: String
    var words: [(word: Int, value: UInt32)]
    /// Fuses that other parts of the program blow in the same words.
    var others: UInt32 = 0

    func check(_ bank: OTPWords) throws(OTPError) {
      for (word, value) in words {
        let held = bank[word] & ~others
        // A word that is locked keeps what it holds, and is another one even if fuses could still make it this one.
        let isAnother = bank.isLocked(word) && held != 0 && held != value
        guard held & ~value == 0, !isAnother else { throw .conflict(field: field) }
      }
      for (word, value) in words {
        guard bank[word] & value == value || !bank.isLocked(word) else { throw .locked(word: word) }
      }
    }
  }

  private func assignments() throws(OTPError) -> [Assignment] {
    [
      Assignment(field: "layout", words: [(OTPLayout.format, OTPLayout.formatValue)]),
      try Self.assignment("device ID", deviceID.bytes, OTPLayout.deviceID),
      try Self.assignment("public key", Hexadecimal.decode(publicKeyHash), OTPLayout.publicKeyHash),
      try Self.assignment("director key", Hexadecimal.decode(directorKey), OTPLayout.directorKey),
      try Self.assignment("root document", Hexadecimal.decode(rootDocumentHash), OTPLayout.rootDocumentHash),
      Assignment(
        field: "demand for a publisher's signature",
        words: [(OTPLayout.flags, publisherSignatureRequired ? OTPLayout.publisherSignatureRequired : 0)],
        others: OTPLayout.provisioned),
    ]
  }

  private static func assignment(
    _ field: String, _ bytes: [UInt8]?, _ range: Range<Int>
  ) throws(OTPError) -> Assignment {
    // All zeros could not be told from nothing.
    guard let bytes, bytes.count == range.count * 4, bytes.contains(where: { $0 != 0 }) else {
      throw .unencodable(field: field)
    }
    return Assignment(
      field: field,
      words: range.enumerated().map { index, word in
        (word, (0..<4).reduce(0) { $0 | UInt32(bytes[index * 4 + $1]) << UInt32(8 * $1) })
      })
  }
}
