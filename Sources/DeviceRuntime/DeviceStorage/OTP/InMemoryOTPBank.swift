import Synchronization

/// Fuses for tests, gone with the process.
final class InMemoryOTPBank: OTPBank {
  private let words = Mutex(OTPWords())

  init() {}

  /// The words in memory.
  func read() -> OTPWords { words.withLock { $0 } }

  /// Blows fuses by the rules of ``OTPWords``.
  func program(_ bits: UInt32, word: Int) throws(OTPError) {
    try words.withLock { words throws(OTPError) in try words.program(bits, word: word) }
  }

  /// Locks the word by the rules of ``OTPWords``.
  func lock(_ word: Int) throws(OTPError) {
    try words.withLock { words throws(OTPError) in try words.lock(word) }
  }
}
