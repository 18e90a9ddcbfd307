import OpenSSL
import Synchronization

/// Fuses for boards that have none, in two files that are always alike but while a change is on its way.
///
/// Each file carries its own checksum, and one is rewritten only while the other is whole, so a write that is torn
/// leaves the old words or the new ones. What either of them says is blown is blown: a change that was acknowledged
/// is in both, so that losing one of them, too, loses no fuse.
package final class FileOTPBank: OTPBank {
  static let copies = ["otp-bank-0", "otp-bank-1"]
  private static let magic = Array("XTBOTP1\0".utf8)
  private static let copyByteCount = magic.count + OTPLayout.byteCount + SHA256.byteCount

  private let flash: any Flash
  /// One change at a time.
  private let access = Mutex(())

  /// - Parameter flash: which nobody else changes meanwhile; reading is safe at any time.
  package init(_ flash: any Flash) { self.flash = flash }

  /// Reads both files and joins what they say.
  ///
  /// - Throws: `unreachable` if the flash fails, `damaged` if no file is whole.
  package func read() throws(OTPError) -> OTPWords {
    try access.withLock { _ throws(OTPError) in try Self.words(of: try load()) }
  }

  /// Changes one file after the other, each durable before the next.
  package func program(_ bits: UInt32, word: Int) throws(OTPError) {
    try change { words throws(OTPError) in try words.program(bits, word: word) }
  }

  /// Changes one file after the other, each durable before the next.
  package func lock(_ word: Int) throws(OTPError) {
    try change { words throws(OTPError) in try words.lock(word) }
  }

  private enum Copy: Equatable {
    case absent
    case damaged
    case good(OTPWords)
  }

  private func change(_ body: (inout OTPWords) throws(OTPError) -> Void) throws(OTPError) {
    try access.withLock { _ throws(OTPError) in
      let copies = try load()
      let old = try Self.words(of: copies)
      var new = old
      try body(&new)
      // The first that is overwritten must have a whole one beside it, with all that is blown.
      for index in copies.indices where copies[index] != .good(old) && copies[1 - index] == .good(old) {
        try write(old, to: index)
      }
      if !copies.contains(.good(old)), old != OTPWords() {
        // Both are whole and one is ahead in some word, the other in another: nothing that this type writes.
        throw .damaged("its two copies differ in both directions")
      }
      guard new != old else { return }
      for index in copies.indices { try write(new, to: index) }
    }
  }

  private static func words(of copies: [Copy]) throws(OTPError) -> OTPWords {
    switch (copies[0], copies[1]) {
    case (.good(let first), .good(let second)): return first.union(second)
    case (.good(let words), _), (_, .good(let words)): return words
    // The second is made after the first is whole: this was the first change of all, and it was not finished.
    case (.absent, .absent), (.damaged, .absent): return OTPWords()
    case (.absent, .damaged), (.damaged, .damaged):
      throw .damaged("both of \(Self.copies.joined(separator: " and ")) have a wrong checksum")
    }
  }

  private func load() throws(OTPError) -> [Copy] {
    do throws(FlashError) {
      return [try load(Self.copies[0]), try load(Self.copies[1])]
    } catch {
      throw .unreachable("\(error)")
    }
  }

  private func load(_ name: String) throws(FlashError) -> Copy {
    guard let size = try flash.size(of: name) else { return .absent }
    guard size == UInt64(Self.copyByteCount) else { return .damaged }
    let bytes = try flash.read(name, from: 0, count: Self.copyByteCount)
    let content = bytes.prefix(Self.magic.count + OTPLayout.byteCount)
    guard bytes.count == Self.copyByteCount, content.starts(with: Self.magic),
      (try? SHA256.digest(of: content)) == Array(bytes.suffix(SHA256.byteCount)),
      let words = OTPWords(bytes: content.dropFirst(Self.magic.count))
    else { return .damaged }
    return .good(words)
  }

  private func write(_ words: OTPWords, to index: Int) throws(OTPError) {
    let content = Self.magic + words.bytes
    let bytes: [UInt8]
    do throws(OpenSSLError) {
      bytes = content + (try SHA256.digest(of: content))
    } catch {
      throw .unreachable("\(error)")
    }
    let name = Self.copies[index]
    do throws(FlashError) {
      let isNew = try flash.size(of: name) == nil
      try flash.write(bytes.span.bytes, to: name, at: 0)
      try flash.sync(name)
      if isNew { try flash.syncNames() }
    } catch {
      throw .unreachable("\(error)")
    }
  }
}
