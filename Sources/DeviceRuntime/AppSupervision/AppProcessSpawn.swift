import AppLink
import CLinux
import Glibc

/// Starts the process that runs an app: with nothing of the agent's but a pipe for its last words.
struct AppProcessSpawn {
  let processIdentifier: Int32
  /// The read end of the process's standard error. It ends when the process does.
  let lastWords: Int32

  /// The environment variables that are the loader's and the host's own; the app sees none of them.
  private static let inherited = ["XTBLISH_ENGINE", "LD_LIBRARY_PATH"]

  /// - Parameter secret: what the process can read, once, from ``AppLinkKeys/descriptor``; at most what a pipe holds.
  /// - Note: the process dies with the calling thread, not only with the agent: that is what Linux ties it to.
  init(executable: String, arguments: [String], secret: String) throws(AppLaunchError) {
    let secretEnd = try Self.makePipe(holding: secret)
    defer { close(secretEnd) }
    var ends: [Int32] = [-1, -1]
    guard linux_pipe2(&ends, O_CLOEXEC) == 0 else { throw Self.failure("pipe2", errno) }
    defer { close(ends[1]) }

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
    // Whatever had this number is not the process's, or is the pipe itself.
    posix_spawn_file_actions_adddup2(&actions, secretEnd, AppLinkKeys.descriptor)
    linux_spawn_actions_add_close_from(&actions, AppLinkKeys.descriptor + 1)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A group of its own, so that Ctrl-C at the agent's terminal is the agent's to handle; signals as the kernel
    // gives them to a new process.
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigdefault(&attributes, &all)
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))

    var identifier: pid_t = 0
    let environment = Self.inherited.compactMap { name in
      getenv(name).map { "\(name)=\(String(cString: $0))" }
    }
    let code = Self.withCStrings([executable] + arguments) { arguments in
      Self.withCStrings(environment) { environment in
        posix_spawn(&identifier, executable, &actions, &attributes, arguments, environment)
      }
    }
    guard code == 0 else {
      close(ends[0])
      throw Self.failure("start \(executable)", code)
    }
    processIdentifier = identifier
    lastWords = ends[0]
  }

  /// - Returns: the end to read from.
  private static func makePipe(holding text: String) throws(AppLaunchError) -> Int32 {
    var ends: [Int32] = [-1, -1]
    guard linux_pipe2(&ends, O_CLOEXEC) == 0 else { throw failure("pipe2", errno) }
    defer { close(ends[1]) }
    let bytes = Array(text.utf8)
    guard write(ends[1], bytes, bytes.count) == bytes.count else {
      let code = errno
      close(ends[0])
      throw failure("write to a pipe", code)
    }
    return ends[0]
  }

  /// How the process ended.
  enum Status: Sendable, Equatable {
    case exited(Int32)
    case signalled(Int32)
  }

  /// Blocks until the process has ended, or at least has nothing more to say, and gives the end of what it wrote to
  /// standard error.
  func waitForLastWords() -> String {
    var kept: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1024)
    while true {
      let count = read(lastWords, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      kept = (kept + buffer[..<count]).suffix(2048)
    }
    close(lastWords)
    return LogText.printable(kept, limit: 2048)
  }

  /// Ends the process if it has not ended yet, and reaps it. Until then its ID is nobody else's.
  func reap() -> Status {
    // Changes nothing for a process that is on its way out.
    kill(processIdentifier, SIGKILL)
    var status: Int32 = 0
    while waitpid(processIdentifier, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7F
    return signal == 0 ? .exited((status >> 8) & 0xFF) : .signalled(signal)
  }

  private static func failure(_ call: String, _ code: Int32) -> AppLaunchError {
    AppLaunchError("can't \(call): \(String(cString: strerror(code)))")
  }

  private static func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let copies = strings.map { strdup($0) }
    defer { copies.forEach { free($0) } }
    return body(copies + [nil])
  }
}
