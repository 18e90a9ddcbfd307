import Glibc

/// The process's standard error, unbuffered.
package enum StandardError {
  /// Writes the whole text with as few system calls as the kernel allows, so that lines of several threads don't mix.
  /// Nobody can be told when it fails.
  package static func write(_ text: String) {
    writeAll(text, to: STDERR_FILENO)
  }

  /// Whether a person looks at it, not a file or a pipe.
  package static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}

/// The process's standard output, unbuffered.
package enum StandardOutput {
  package static func write(_ text: String) {
    writeAll(text, to: STDOUT_FILENO)
  }

  package static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
}

private func writeAll(_ text: String, to descriptor: Int32) {
  var text = text
  text.withUTF8 { bytes in
    var written = 0
    while written < bytes.count {
      let count = Glibc.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return }
      written += count
    }
  }
}
