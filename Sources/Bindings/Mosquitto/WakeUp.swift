import CMosquitto
import Glibc

/// A descriptor by which any thread ends the network thread's wait.
final class WakeUp: Sendable {
  let descriptor: Int32

  init() throws(MQTTError) {
    descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    guard descriptor >= 0 else {
      throw MQTTError(.library, "no file descriptor is left: raise the limit (ulimit -n)")
    }
  }

  deinit {
    close(descriptor)
  }

  func signal() {
    // The counter can only be full when it is set already.
    _ = eventfd_write(descriptor, 1)
  }

  func drain() {
    var count: eventfd_t = 0
    _ = unsafe eventfd_read(descriptor, &count)
  }
}
