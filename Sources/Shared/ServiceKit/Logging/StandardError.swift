import Glibc

/// The process's standard error, unbuffered.
package enum StandardError {
  /// Writes the whole text with as few system calls as the kernel allows, so that lines of several threads don't mix.
  /// A failure is ignored: there is nobody to tell.
  package static func write(_ text: String) {
    _ = Descriptor.writeAll(text, to: STDERR_FILENO)
  }

  /// Whether a person looks at it, not a file or a pipe.
  package static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}

enum Descriptor {
  /// - Returns: the error number if not all of it could be written.
  static func writeAll(_ text: String, to descriptor: Int32) -> Int32? {
    var text = text
    return text.withUTF8 { bytes in
      var written = 0
      while written < bytes.count {
        let count = Glibc.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
        if count < 0, errno == EINTR { continue }
        if count < 0 { return errno }
        if count == 0 { return EIO }
        written += count
      }
      return nil
    }
  }
}
