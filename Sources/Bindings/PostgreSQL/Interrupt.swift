import CPostgreSQL
import Glibc
import Synchronization

/// Wakes a thread that waits in `poll`: an eventfd.
final class WakeDescriptor: Sendable {
  let descriptor: CInt

  init() throws(PostgresError) {
    descriptor = eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK))
    guard descriptor >= 0 else {
      let code = errno
      throw PostgresError(
        .connectionFailed, "no descriptor for a database connection (eventfd: errno \(code)): raise the limit on files")
    }
  }

  deinit {
    close(descriptor)
  }

  /// Wakes the waiter, now or as soon as it waits.
  func signal() {
    // Fails only when the counter is full, and then the waiter is awake already.
    _ = eventfd_write(descriptor, 1)
  }

  /// Takes the signal back. For the waiter that was woken.
  func drain() {
    var count: eventfd_t = 0
    _ = unsafe eventfd_read(descriptor, &count)
  }
}

/// Says, once, that one operation is no longer wanted.
final class Interrupt: Sendable {
  private let triggered = Atomic(false)
  private let wake: WakeDescriptor

  init(waking wake: WakeDescriptor) {
    self.wake = wake
  }

  var isTriggered: Bool { triggered.load(ordering: .acquiring) }

  /// Safe at any time and from any thread, also after the operation ended.
  func trigger() {
    triggered.store(true, ordering: .releasing)
    wake.signal()
  }
}
