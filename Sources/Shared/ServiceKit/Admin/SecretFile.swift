import Foundation
import Glibc

/// A file for a secret that is about to be made: only its owner may read it, and it replaces nothing.
///
/// It is made first and written afterwards, so that no secret is made that has no place.
package struct SecretFile {
  package let path: String
  private let handle: FileHandle

  /// - Throws: `AdminError` if there is something at the path, or if nothing can be made there.
  package init(creating path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw errno == EEXIST
        ? AdminError("\(path) exists: remove it, or name another file")
        : AdminError("\(path) can't be made: \(String(cString: strerror(errno)))")
    }
    self.path = path
    handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  /// Writes the secret, to the disk.
  package func write(_ text: String) throws {
    do {
      try handle.write(contentsOf: Data(text.utf8))
      try handle.synchronize()
      try handle.close()
    } catch {
      throw AdminError(
        "\(path) can't be written: \(error.localizedDescription); make another secret, and revoke this one")
    }
  }

  /// Takes the file away again.
  package func discard() {
    unlink(path)
  }
}
