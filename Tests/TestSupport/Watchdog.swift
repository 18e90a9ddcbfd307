import Glibc
import Synchronization

/// Ends a process when the test process dies without having done so.
///
/// A shell waits for this process's end of a socket to close, which the kernel sees to however this process dies.
/// PR_SET_PDEATHSIG would follow the thread that forked instead, and the threads of a pool come and go.
final class Watchdog: Sendable {
  private let lifeline: Mutex<Int32>

  /// - Parameter removing: folders that go after the process has ended.
  init(process: Int32, signal: Int32, removing folders: [String]) throws {
    var ends: [Int32] = [0, 0]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw TestFailure("no socket pair: \(errorText())")
    }
    let script = """
      ( if read -r _ <&3; then exit 0; fi
        kill -\(signal) \(process) 2>/dev/null
        tries=0
        # Sleeps: a look at the process every twentieth of a second, with a bound.
        while kill -0 \(process) 2>/dev/null && [ $tries -lt 200 ]; do sleep 0.05; tries=$((tries + 1)); done
        kill -9 \(process) 2>/dev/null
        rm -rf -- "$@"
      ) &
      """
    do {
      // The shell that waits is a grandchild, so that nobody has to reap it, and in a session of its own, so that
      // Ctrl-C at the terminal of the tests does not reach it.
      let shell = try spawn(
        "setsid", ["/bin/sh", "-c", script, "watchdog"] + folders, environment: ownEnvironment(), input: "/dev/null",
        output: "/dev/null", inherited: ends[1])
      var status: Int32 = 0
      waitpid(shell, &status, 0)
    } catch {
      ends.forEach { close($0) }
      throw error
    }
    close(ends[1])
    lifeline = Mutex(ends[0])
  }

  /// The process has ended and was reaped: nothing to watch any more.
  func dismiss() {
    lifeline.withLock { descriptor in
      guard descriptor >= 0 else { return }
      var line = UInt8(ascii: "\n")
      send(descriptor, &line, 1, Int32(MSG_NOSIGNAL))
      close(descriptor)
      descriptor = -1
    }
  }

  deinit {
    lifeline.withLock { if $0 >= 0 { close($0) } }
  }
}
