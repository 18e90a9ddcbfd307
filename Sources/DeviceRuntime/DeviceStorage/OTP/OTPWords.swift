/// The words of a bank as they were at one moment.
package struct OTPWords: Sendable, Hashable {
  private var words: [UInt32]

  /// A bank of which nothing is blown.
  package init() { words = [UInt32](repeating: 0, count: OTPLayout.wordCount) }

  /// The words of a bank's bytes.
  ///
  /// - Returns: nil unless there are as many bytes as a bank has.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == OTPLayout.byteCount else { return nil }
    let bytes = Array(bytes)
    words = (0..<OTPLayout.wordCount).map { word in
      (0..<4).reduce(0) { $0 | UInt32(bytes[word * 4 + $1]) << UInt32(8 * $1) }
    }
  }

  /// The bytes as a bank has them: each word with its least significant byte first.
  package var bytes: [UInt8] { words.flatMap(Self.bytes(of:)) }

  /// The blown bits of a word.
  package subscript(_ word: Int) -> UInt32 { words[word] }

  subscript(_ range: Range<Int>) -> [UInt8] { words[range].flatMap(Self.bytes(of:)) }

  /// Whether no more fuses of the word can be blown.
  func isLocked(_ word: Int) -> Bool {
    words[OTPLayout.locks.lowerBound + word / 32] & 1 << UInt32(word % 32) != 0
  }

  /// The numbers of the locked words, ascending.
  package var lockedWords: [Int] { words.indices.filter(isLocked) }

  /// The words with all fuses that either of the two has blown.
  func union(_ other: OTPWords) -> OTPWords {
    var result = self
    for word in words.indices { result.words[word] |= other.words[word] }
    return result
  }

  /// Blows fuses in this copy of the words, by the rules of ``OTPBank/program(_:word:)``.
  ///
  /// - Throws: `noSuchWord`, also for the words that hold the locks; `locked` if a fuse is to be blown that can't be.
  package mutating func program(_ bits: UInt32, word: Int) throws(OTPError) {
    guard words.indices.contains(word), !OTPLayout.locks.contains(word) else { throw .noSuchWord(word) }
    guard bits & ~words[word] != 0 else { return }
    guard !isLocked(word) else { throw .locked(word: word) }
    words[word] |= bits
  }

  /// Locks a word in this copy of the words, by the rules of ``OTPBank/lock(_:)``.
  ///
  /// - Throws: `noSuchWord`, also for the words that hold the locks.
  package mutating func lock(_ word: Int) throws(OTPError) {
    guard words.indices.contains(word), !OTPLayout.locks.contains(word) else { throw .noSuchWord(word) }
    let (lock, bit) = Self.lockBit(of: word)
    words[lock] |= bit
  }

  /// The word, and the bit in it, that lock a word.
  static func lockBit(of word: Int) -> (word: Int, bit: UInt32) {
    (OTPLayout.locks.lowerBound + word / 32, 1 << UInt32(word % 32))
  }

  static func bytes(of word: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
}
