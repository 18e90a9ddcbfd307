import AppLink
import Foundations
import Glibc
import Linux

/// Lines of commands from a terminal, a pipe or a file.
enum DevInput {
  /// - Parameter path: a file; nil: the standard input.
  static func lines(of path: String?) throws -> AsyncStream<String> {
    let file: UnsafeMutablePointer<FILE>
    if let path {
      guard let opened = fopen(path, "re") else {
        throw AppLaunchError("can't read \(path): \(String(cString: strerror(errno)))")
      }
      file = opened
    } else {
      guard let opened = fdopen(STDIN_FILENO, "r") else {
        throw AppLaunchError("can't read commands: \(String(cString: strerror(errno)))")
      }
      file = opened
    }
    // The address crosses to the one thread that reads from here on.
    let address = UInt(bitPattern: file)
    let (stream, continuation) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingOldest(1024))
    // Reading may block for ever, so the thread is left behind when the process ends.
    try NativeThread.start("commands", stackBytes: 256 << 10) {
      guard let file = UnsafeMutablePointer<FILE>(bitPattern: address) else { return }
      var line: UnsafeMutablePointer<CChar>?
      var capacity = 0
      while getline(&line, &capacity, file) > 0, let text = line {
        continuation.yield(String(cString: text).split(whereSeparator: \.isNewline).joined())
      }
      free(line)
      continuation.finish()
    }
    return stream
  }
}
