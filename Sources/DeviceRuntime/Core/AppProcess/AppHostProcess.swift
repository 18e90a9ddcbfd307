internal import CLinux
internal import Glibc
internal import ZeroMQ

/// The process that runs one app: this same program, started again by `ProcessAppLauncher`.
package enum AppHostProcess {
  /// The hidden first argument that makes the program become it.
  package static let subcommand = "app-host"

  /// Its exit statuses; what became of the app is told in a message.
  enum ExitStatus {
    static let done: Int32 = 0
    /// Nobody to talk to.
    static let noAgent: Int32 = 69
    static let wrongArguments: Int32 = 64
  }

  /// Becomes the app's process. Blocks the calling thread, which must not belong to the cooperative pool.
  ///
  /// - Parameter arguments: what follows `subcommand`: the agent's endpoint and its process ID, and the user and group
  ///   to become, if it is to become another.
  package static func run(arguments: [String]) -> Never {
    let startedAt = KernelClock.monotonicNanoseconds()
    let numbers = arguments.dropFirst().map { UInt32($0) }
    guard [2, 4].contains(arguments.count), !numbers.contains(nil) else {
      fail(
        ExitStatus.wrongArguments,
        "usage: app-host ENDPOINT AGENT-PID [USER-ID GROUP-ID]; the device's agent starts this by itself")
    }
    let ids = numbers.compactMap { $0 }
    let user = ids.count == 3 ? AppUser(userID: ids[1], groupID: ids[2]) : nil
    confine(agent: Int32(bitPattern: ids[0]), user: user)
    guard let keys = AppLinkKeys.inherited() else {
      fail(ExitStatus.wrongArguments, "no keys came with descriptor \(AppLinkKeys.descriptor)")
    }
    do {
      let control = try AppHostControl(endpoint: arguments[0], keys: keys, user: user, startedAt: startedAt)
      try control.run()
    } catch {
      fail(ExitStatus.noAgent, "\(error)")
    }
    // Not `exit`: the app's thread may be anywhere, and nothing is left to be written.
    _exit(ExitStatus.done)
  }

  /// Ties the process to its agent, and makes it the first to suffer when the device is short of something.
  private static func confine(agent: Int32, user: AppUser?) {
    linux_set_parent_death_signal(SIGKILL)
    // The agent may have died before that call.
    guard getppid() == agent else { _exit(ExitStatus.noAgent) }
    setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5)
    if let file = fopen("/proc/self/oom_score_adj", "we") {
      fputs("500", file)
      fclose(file)
    }
    AppSandbox(limits: .standard, user: user).begin()
  }

  private static func fail(_ status: Int32, _ message: String) -> Never {
    let line = Array("\(message)\n".utf8)
    write(STDERR_FILENO, line, line.count)
    _exit(status)
  }
}
