import Glibc

/// Threads of our own for the library's blocking calls, so that none runs on Swift's own pool.
enum NetworkThread {
  private final class Body {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Runs the body on a new detached thread.
  static func start(_ body: @escaping @Sendable () -> Void) throws(MQTTError) {
    let box = unsafe Unmanaged.passRetained(Body(body))
    // All signals are for the program's other threads; SIGPIPE would otherwise end the process
    // when TLS writes to a connection that the broker closed. A thread inherits its mask.
    var all = sigset_t()
    var previous = sigset_t()
    unsafe sigfillset(&all)
    unsafe pthread_sigmask(SIG_SETMASK, &all, &previous)
    var thread = pthread_t()
    let status = unsafe pthread_create(
      &thread, nil,
      { argument in
        if let argument = unsafe argument {
          unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
        }
        return nil
      }, box.toOpaque())
    unsafe pthread_sigmask(SIG_SETMASK, &previous, nil)
    guard status == 0 else {
      unsafe box.release()
      throw MQTTError(.library, "no thread can be started: raise the limit on processes (ulimit -u)")
    }
    pthread_detach(thread)
  }
}
