#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// Reads a file from its start in pieces, for a check that sees every byte once.
final class SequentialFileReader {
  /// Large enough that the system call's cost vanishes beside hashing, small enough for a device.
  private static let pieceBytes = 128 * 1024

  private let path: String
  private let descriptor: CInt
  private var buffer = [UInt8](repeating: 0, count: pieceBytes)

  init(path: String) throws(ImageFormatError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(path: path, call: "open", errno: errno) }
    self.descriptor = descriptor
    self.path = path
  }

  deinit {
    close(descriptor)
  }

  /// The next bytes, or nil at the end.
  func next() throws(ImageFormatError) -> [UInt8]? {
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count > 0 { return Array(buffer[..<count]) }
      if count == 0 { return nil }
      if errno != EINTR { throw .unreadable(path: path, call: "read", errno: errno) }
    }
  }
}
