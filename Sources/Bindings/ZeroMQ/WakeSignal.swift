import CZeroMQ
import Glibc

/// Wakes a thread that waits in a ``ZeroMQPoller``. Any thread may raise it.
package final class WakeSignal: Sendable {
  let descriptor: Int32

  package init() throws(ZeroMQError) {
    let descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    guard descriptor >= 0 else { throw ZeroMQError(code: errno, call: "eventfd") }
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
  }

  /// Wakes the waiting thread, now or as soon as it waits.
  package func raise() {
    // Fails only when the counter is at its limit, and then the thread is awake already.
    _ = eventfd_write(descriptor, 1)
  }

  /// Takes the signal back. For the thread that was woken.
  package func lower() {
    var count: eventfd_t = 0
    _ = unsafe eventfd_read(descriptor, &count)
  }
}
