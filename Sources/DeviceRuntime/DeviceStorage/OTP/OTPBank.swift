/// A device's one-time programmable fuses: bits that go from 0 to 1 and never back, and words that can be locked.
///
/// Calls block. What they have done is durable when they return. Programming what is programmed already, or locking
/// what is locked, does nothing, so that whatever was interrupted can be begun again.
package protocol OTPBank: Sendable {
  /// All words, as they are now.
  func read() throws(OTPError) -> OTPWords
  /// Blows the fuses of the bits that are set in `bits`; those that are blown already stay so.
  func program(_ bits: UInt32, word: Int) throws(OTPError)
  /// Makes the word's fuses final: none that is still whole can be blown any more.
  func lock(_ word: Int) throws(OTPError)
}
