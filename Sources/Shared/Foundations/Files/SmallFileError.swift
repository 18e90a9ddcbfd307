#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// Why a small file was not read or written, and what to do about it: the `problem` with the file at `path`. Its content is
/// never in it.
package struct SmallFileError: Error, Equatable, Sendable {
  /// What is wrong with the file.
  package enum Problem: Equatable, Sendable {
    /// A call of the system failed, with its errno.
    case failed(call: String, errno: Int32)
    /// It is a folder, a device or the like.
    case notAFile
    /// It is longer than so many bytes.
    case tooLong(Int)
    /// Others than its owner may read or write a secret.
    case openToOthers
    /// It is a secret of somebody who is neither this process's user nor root.
    case ofAnotherUser
    /// Everybody may write it.
    case worldWritable
    /// One was to be made, and there is something of its name.
    case exists
  }

  package let path: String
  package let problem: Problem

  init(_ path: String, _ problem: Problem) {
    self.path = path
    self.problem = problem
  }

  /// The error of a call that has just failed. Nothing may come between the call and this.
  static func last(_ call: String, _ path: String) -> SmallFileError {
    SmallFileError(path, .failed(call: call, errno: errno))
  }
}

extension SmallFileError: CustomStringConvertible {
  package var description: String {
    switch problem {
    case .failed(let call, let code): "can't \(Self.purpose(of: call)) \(path): \(String(cString: strerror(code)))"
    case .notAFile: "\(path) is a folder, a device or the like: name a file"
    case .tooLong(let maximumBytes): "\(path) is longer than \(maximumBytes) bytes: is it another file than was meant?"
    case .openToOthers:
      "others may read or write \(path): chmod 600 it, and make a new key if they may have read it"
    case .ofAnotherUser:
      "\(path) belongs to another user, who can read and change it: make a key of your own"
    case .worldWritable: "anybody may write \(path): chmod o-w it"
    case .exists: "\(path) is there already: name another file, or remove it if nothing uses it"
    }
  }

  private static func purpose(of call: String) -> String {
    switch call {
    case "fstat", "stat": "look at"
    case "open", "read": "read"
    default: "write (\(call))"
    }
  }
}
