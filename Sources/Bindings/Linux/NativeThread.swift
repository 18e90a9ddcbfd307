import CLinux
import Glibc

/// A thread of its own, for code that blocks or that needs a stack of a certain size.
package enum NativeThread {
  /// Starts a detached thread.
  ///
  /// - Parameter name: at most 15 bytes; what `top -H` shows.
  package static func start(
    _ name: String, stackBytes: Int = 512 << 10, _ body: @escaping @Sendable () -> Void
  ) throws(NativeThreadError) {
    var attributes = pthread_attr_t()
    unsafe pthread_attr_init(&attributes)
    defer { unsafe pthread_attr_destroy(&attributes) }
    unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    unsafe pthread_attr_setstacksize(&attributes, stackBytes)

    let start = unsafe Unmanaged.passRetained(Start(name: name, body: body))
    var thread = pthread_t()
    let code = unsafe pthread_create(
      &thread, &attributes,
      { argument in
        guard let argument = unsafe argument else { return nil }
        let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        _ = unsafe linux_set_thread_name(start.name)
        start.body()
        return nil
      }, start.toOpaque())
    guard code == 0 else {
      unsafe start.release()
      throw NativeThreadError(name: name, code: code)
    }
  }

  private final class Start {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }
}

/// A thread could not be started because the system has none to give. `name` is the name it was to have.
package struct NativeThreadError: Error, CustomStringConvertible {
  package var name: String
  /// An `errno`; EAGAIN where a limit on threads or memory is reached.
  package var code: Int32

  package var description: String { unsafe "can't start thread \(name): \(String(cString: strerror(code)))" }
}
