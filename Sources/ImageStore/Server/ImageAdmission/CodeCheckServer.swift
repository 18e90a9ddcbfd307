import CLinux
import Glibc
import Synchronization

/// The running program that starts a process for each module: started when it is first needed, and again when it is
/// gone.
final class CodeCheckServer: Sendable {
  private struct Running {
    var process: pid_t
    /// Our end of the socket that is its standard input.
    var socket: CInt
  }

  private let executable: String
  private let engine: String
  private let running = Mutex<Running?>(nil)

  init(executable: String, engine: String) {
    self.executable = executable
    self.engine = engine
  }

  deinit { running.withLock { Self.end(&$0) } }

  /// Hands it a module, from whose beginning it reads.
  ///
  /// - Returns: a descriptor from which a `CodeVerdict` comes; it is the caller's to close.
  /// - Throws: `Failure` if the program can't be started or asked.
  func begin(_ module: CInt) throws(Failure) -> CInt {
    var ends: [CInt] = [-1, -1]
    guard linux_pipe2(&ends, O_CLOEXEC) == 0 else { throw Failure("pipe2", errno) }
    defer { close(ends[1]) }
    let failure = running.withLock { (running) -> Failure? in
      // Twice: that it is gone shows when it is asked.
      for _ in 0..<2 {
        if running == nil {
          do throws(Failure) { running = try start() } catch { return error }
        }
        guard let socket = running?.socket else { break }
        if linux_send_descriptors(socket, [module, ends[1]], 2) == 1 { return nil }
        Self.end(&running)
      }
      return Failure("sendmsg", errno)
    }
    if let failure {
      close(ends[0])
      throw failure
    }
    return ends[0]
  }

  /// A call that failed, with its `errno`.
  struct Failure: Error, CustomStringConvertible {
    let call: String
    let code: CInt

    init(_ call: String, _ code: CInt) {
      self.call = call
      self.code = code
    }

    var description: String { "\(call): \(String(cString: strerror(code)))" }
  }

  private func start() throws(Failure) -> Running {
    var ends: [CInt] = [-1, -1]
    guard socketpair(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue) | O_CLOEXEC, 0, &ends) == 0 else {
      throw Failure("socketpair", errno)
    }
    defer { close(ends[1]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
    // Its complaints are about files that no user of this knows.
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    linux_spawn_actions_add_close_from(&actions, STDERR_FILENO + 1)
    var words: [UnsafeMutablePointer<CChar>?] = [strdup(executable), strdup(engine), nil]
    defer { for word in words { free(word) } }
    var environment: [UnsafeMutablePointer<CChar>?] = [strdup("LC_ALL=C"), nil]
    defer { for entry in environment { free(entry) } }
    var process = pid_t()
    let code = posix_spawn(&process, executable, &actions, nil, &words, &environment)
    guard code == 0 else {
      close(ends[0])
      throw Failure("start \(executable)", code)
    }
    return Running(process: process, socket: ends[0])
  }

  private static func end(_ running: inout Running?) {
    guard let ended = running else { return }
    running = nil
    close(ended.socket)
    // It does nothing that would have to be finished.
    kill(ended.process, SIGKILL)
    var status: CInt = 0
    while waitpid(ended.process, &status, 0) < 0, errno == EINTR {}
  }
}
