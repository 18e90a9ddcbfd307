import Glibc

/// A file, at `path`, for a secret that is about to be made: only its owner may read it, and it replaces nothing.
///
/// The file is made first and written afterwards, so that no secret is made that has no place.
package final class SecretFile {
  package let path: String
  private let descriptor: Int32

  /// - Throws: `AdminError` if there is something at the path, or if nothing can be made there.
  package init(creating path: String) throws {
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    self.path = path
    guard descriptor >= 0 else {
      throw errno == EEXIST
        ? AdminError("\(path) exists: remove it, or name another file")
        : AdminError("\(path) can't be made: \(String(cString: strerror(errno)))")
    }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// Writes the secret, and waits until it is on the disk.
  package func write(_ text: String) throws {
    let bytes = Array(text.utf8)
    // So few bytes are written whole or not at all.
    guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
      let reason = String(cString: strerror(errno))
      throw AdminError("\(path) can't be written: \(reason); revoke what was made, and make another")
    }
  }

  /// Removes the file, because no secret was made.
  package func discard() {
    unlink(path)
  }
}
