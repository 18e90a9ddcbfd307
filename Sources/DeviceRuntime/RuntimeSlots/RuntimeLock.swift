import DeviceStorage
import Glibc

/// The right to change the record, among the processes of a device: a launcher, an agent and a command. It is waited for, as
/// nobody has it for long.
final class RuntimeLock {
  private let descriptor: Int32

  /// - Parameter path: nil where there are no files and no other processes.
  init(path: String?) throws(FlashError) {
    guard let path else {
      descriptor = -1
      return
    }
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw FlashError(.failed, "can't open \(path): \(String(cString: strerror(errno)))")
    }
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else {
        let code = errno
        close(descriptor)
        throw FlashError(.failed, "can't lock \(path): \(String(cString: strerror(code)))")
      }
    }
    self.descriptor = descriptor
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}
