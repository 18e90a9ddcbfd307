/// Why a bank can't be read, or fuses not be blown.
package enum OTPError: Error, Sendable, Equatable {
  /// The word's lock bit is set, and bits that are not set already were to be.
  case locked(word: Int)
  case noSuchWord(Int)
  /// A field has bits that its new value hasn't, and a blown fuse can't be mended.
  case conflict(field: String)
  case unencodable(field: String)
  /// Nothing that the bank says can be relied on.
  case damaged(String)
  /// The fuse's driver took the write, and the fuse is as it was.
  case notTaken(word: Int)
  case unreachable(String)
}

extension OTPError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .locked(let word):
      "word \(word) of the OTP bank is locked: what it holds is for good. xtblish-device otp show tells what that is"
    case .noSuchWord(let word):
      "the OTP bank has no word \(word) that can be programmed: it has \(OTPLayout.wordCount), the locks among them"
    case .conflict(let field):
      """
      the OTP bank holds another \(field), and a fuse that is blown can't be mended: this board belongs to another \
      identity. xtblish-device otp show tells which
      """
    case .unencodable(let field):
      "the OTP bank has no room for the \(field) that is to be programmed: have the Provisioner give another"
    case .damaged(let reason):
      """
      the OTP bank is damaged and can't be relied on: \(reason). Restore its files from a copy of this board's own, or \
      enrol the board as a new device
      """
    case .notTaken(let word):
      "a fuse in word \(word) of the OTP bank was to be blown and is not; check the board's programming voltage"
    case .unreachable(let reason):
      "the OTP bank can't be reached: \(reason). Check device.otp.nvmem-file and who may read and write it"
    }
  }
}
