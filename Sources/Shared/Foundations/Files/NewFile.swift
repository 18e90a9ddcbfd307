#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// A file that is made first and written afterwards, whole or not at all: so that no secret is made that has no place.
package final class NewFile {
  /// Who may read a file that is written here; its owner alone may write it.
  package enum Readers: Sendable {
    /// For secrets.
    case owner
    case everybody

    var mode: mode_t { self == .owner ? 0o600 : 0o644 }
  }

  /// As it was given.
  package let path: String
  private let readers: Readers
  private let descriptor: Int32

  /// Makes an empty file, which its readers alone can open from the first moment. It replaces nothing and follows no link.
  ///
  /// - Throws: `SmallFileError`, with `exists` if there is something at the path.
  package convenience init(_ path: String, for readers: Readers) throws(SmallFileError) {
    try self.init(path, for: readers, flags: O_EXCL)
  }

  /// - Parameter flags: of open(2), beside those of every file that is made.
  init(_ path: String, for readers: Readers, flags: Int32) throws(SmallFileError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, readers.mode)
    guard descriptor >= 0 else {
      throw errno == EEXIST ? SmallFileError(path, .exists) : .last("create", path)
    }
    self.descriptor = descriptor
    self.path = path
    self.readers = readers
  }

  deinit { close(descriptor) }

  /// Writes its content, which is on the disk when this returns; its name is too once `SmallFile.synchronizeFolder`
  /// returns. What can't be written whole is taken away again.
  ///
  /// - Parameter isDurable: false for a file that need not outlive a power failure.
  package func write(_ bytes: [UInt8], isDurable: Bool = true) throws(SmallFileError) {
    do throws(SmallFileError) {
      // Whatever the umask took away: programs of other users read what is no secret.
      guard fchmod(descriptor, readers.mode) == 0 else { throw .last("fchmod", path) }
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Self.write(descriptor, $0) }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw .last("write", path) }
        rest = rest.dropFirst(count)
      }
      guard !isDurable || fsync(descriptor) == 0 else { throw .last("fsync", path) }
    } catch {
      discard()
      throw error
    }
  }

  /// Takes the file away again.
  package func discard() { unlink(path) }

  private static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Glibc)
      Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    #else
      Musl.write(descriptor, bytes.baseAddress, bytes.count)
    #endif
  }
}
