import Glibc

/// A system call on a file that failed.
package struct FileError: Error, Equatable, Sendable {
  /// The system call that failed, for example `fsync`.
  package var call: String
  /// The path of the file, as the caller gave it.
  package var path: String
  /// Why the call failed, as it left it in `errno`.
  package var errno: CInt

  /// - Parameter errno: of that call.
  package init(call: String, path: String, errno: CInt) {
    self.call = call
    self.path = path
    self.errno = errno
  }

  /// The error of a call that has just failed. Nothing may come between the call and this.
  package static func last(_ call: String, _ path: String) -> FileError {
    FileError(call: call, path: path, errno: Glibc.errno)
  }

  /// The file system has no room, or the user has used up a quota.
  package var isOutOfSpace: Bool { errno == ENOSPC || errno == EDQUOT }
  /// There is no file of that name.
  package var isNotFound: Bool { errno == ENOENT }
}

extension FileError: CustomStringConvertible {
  package var description: String { "\(call) of \(path) failed: \(String(cString: strerror(errno)))" }
}
