import Glibc

/// Runs a program for its output, without a shell, for a bounded time and with a bounded output. The calling thread
/// blocks.
package enum BoundedProgram {
  /// Why there is no output.
  package enum Failure: Error, Equatable, CustomStringConvertible {
    /// The program could not be started.
    case notStarted(errno: CInt)
    /// It took longer than this, and was killed.
    case tooSlow(Duration)
    /// It wrote more than so many bytes, and was killed.
    case tooMuchOutput(bytes: Int)
    /// It failed with this exit code, or was ended by a signal, which is a negative number here.
    case failed(CInt)

    package var description: String {
      switch self {
      case .notStarted(let code): "could not be started: \(String(cString: strerror(code)))"
      case .tooSlow(let limit): "was stopped: it took longer than \(limit)"
      case .tooMuchOutput(let bytes): "was stopped: it wrote more than \(bytes) bytes"
      case .failed(let code): code < 0 ? "was ended by signal \(-code)" : "failed with exit code \(code)"
      }
    }
  }

  /// Runs the program at a path with these arguments and no others.
  ///
  /// - Returns: what it wrote to its standard output, if it succeeded.
  package static func run(
    _ path: String, _ arguments: [String], limit: Duration, maximumOutputBytes: Int
  ) throws -> [UInt8] {
    var ends: [CInt] = [0, 0]
    guard pipe(&ends) == 0 else { throw Failure.notStarted(errno: errno) }
    // The writing end that the program gets is a copy without this.
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let process: pid_t
    do {
      process = try start(path, arguments, output: ends[1])
    } catch {
      close(ends[0])
      close(ends[1])
      throw error
    }
    close(ends[1])
    defer { close(ends[0]) }
    let outcome = Result { try read(ends[0], until: .now + limit, limit, maximumOutputBytes) }
    if case .failure = outcome { kill(process, SIGKILL) }
    var status: CInt = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    let output = try outcome.get()
    // The macros WIFSIGNALED and WEXITSTATUS.
    let signal = status & 0x7F
    let code = signal == 0 ? (status >> 8) & 0xFF : -signal
    guard code == 0 else { throw Failure.failed(code) }
    return output
  }

  private static func start(_ path: String, _ arguments: [String], output: CInt) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    // Its complaints are about files that no user of this knows.
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) }
    defer { for word in words { free(word) } }
    words.append(nil)
    // No configuration of the caller's: its output is read by a program.
    var environment: [UnsafeMutablePointer<CChar>?] = [strdup("LC_ALL=C"), strdup("PATH=/usr/bin:/bin"), nil]
    defer { for entry in environment { free(entry) } }
    var process = pid_t()
    let code = posix_spawn(&process, path, &actions, nil, &words, &environment)
    guard code == 0 else { throw Failure.notStarted(errno: code) }
    return process
  }

  private static func read(
    _ descriptor: CInt, until deadline: ContinuousClock.Instant, _ limit: Duration, _ maximumBytes: Int
  ) throws -> [UInt8] {
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let (seconds, attoseconds) = (deadline - .now).components
      let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
      guard milliseconds > 0 else { throw Failure.tooSlow(limit) }
      var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&wait, 1, CInt(clamping: milliseconds)) > 0 else { continue }
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count == 0 { return output }
      if count < 0 {
        if errno == EINTR { continue }
        throw Failure.notStarted(errno: errno)
      }
      output += buffer[..<count]
      guard output.count <= maximumBytes else { throw Failure.tooMuchOutput(bytes: maximumBytes) }
    }
  }
}
