import Glibc
import Synchronization

/// The fuses of a chip, as Linux offers them: `/sys/bus/nvmem/devices/NAME/nvmem`, a file that a driver reads and
/// writes by whole words.
package final class NVMEMOTPBank: OTPBank {
  private let path: String
  private let offset: Int
  /// One change at a time.
  private let access = Mutex(())

  /// - Parameter offset: of the bank's first byte in the file; a multiple of 4.
  package init(path: String, offset: Int = 0) {
    precondition(offset >= 0 && offset % 4 == 0, "fuses are read by words of 4 bytes")
    self.path = path
    self.offset = offset
  }

  /// Reads all words from the driver's file.
  ///
  /// - Throws: `unreachable` if the file can't be read, or ends before the bank does.
  package func read() throws(OTPError) -> OTPWords {
    try withFile(O_RDONLY) { descriptor throws(OTPError) in try words(descriptor) }
  }

  /// Has the driver write the whole word, and reads back that its fuses are blown; otherwise throws `notTaken`.
  package func program(_ bits: UInt32, word: Int) throws(OTPError) {
    try change { words throws(OTPError) in
      try words.program(bits, word: word)
      return word
    }
  }

  /// Blows the lock's fuse of the word, which is one in the bank's last words.
  package func lock(_ word: Int) throws(OTPError) {
    try change { words throws(OTPError) in
      try words.lock(word)
      return OTPWords.lockBit(of: word).word
    }
  }

  /// - Parameter body: changes one word, and says which.
  private func change(_ body: (inout OTPWords) throws(OTPError) -> Int) throws(OTPError) {
    try access.withLock { _ throws(OTPError) in
      let old = try read()
      var new = old
      let word = try body(&new)
      guard new != old else { return }
      try withFile(O_RDWR) { descriptor throws(OTPError) in
        // The driver blows what is set and leaves what is blown, so the whole word may be said.
        let bytes = OTPWords.bytes(of: new[word])
        let count = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, 4, off_t(offset + word * 4)) }
        guard count == 4 else { throw unreachable("write") }
        // The kernel's driver needs none, and says so; a file does.
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw unreachable("sync") }
        guard try words(descriptor)[word] & new[word] == new[word] else { throw .notTaken(word: word) }
      }
    }
  }

  private func words(_ descriptor: Int32) throws(OTPError) -> OTPWords {
    var bytes = [UInt8](repeating: 0, count: OTPLayout.byteCount)
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress! + done, $0.count - done, off_t(offset + done))
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw unreachable("read") }
      guard count > 0 else {
        throw .unreachable(
          "\(path) ends \(bytes.count - done) bytes too early: from byte \(offset) on \(bytes.count) are needed")
      }
      done += count
    }
    guard let words = OTPWords(bytes: bytes) else { throw .damaged("it has another size") }
    return words
  }

  private func withFile<R>(_ flags: Int32, _ body: (Int32) throws(OTPError) -> R) throws(OTPError) -> R {
    let descriptor = open(path, flags | O_CLOEXEC)
    guard descriptor >= 0 else { throw unreachable("open") }
    defer { close(descriptor) }
    return try body(descriptor)
  }

  private func unreachable(_ call: String) -> OTPError {
    .unreachable("can't \(call) \(path): \(String(cString: strerror(errno)))")
  }
}
