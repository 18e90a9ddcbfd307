import Glibc

/// The right to work on a device's directory: one process has it, until it ends.
package final class DirectoryLock: Sendable {
  /// Why the directory can't be had: another process works on it, or the lock can't be asked for.
  package struct Refusal: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String
  }

  private let descriptor: Int32

  package init(directory: String) throws(Refusal) {
    let path = "\(directory)/agent.lock"
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw Refusal(description: "can't open \(path): \(String(cString: strerror(errno)))")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      close(descriptor)
      throw Refusal(
        description: code == EWOULDBLOCK
          ? "another agent runs on \(directory); end it first, or choose another --directory"
          : "can't lock \(path): \(String(cString: strerror(code)))")
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }
}
