import AppLink
import CLinux
import Foundations
import Glibc
import ZeroMQ

/// The process that runs one app, as the agent starts it.
package enum AppHostProcess {
  /// Becomes the app's process. Blocks the calling thread, which must not belong to the cooperative pool.
  ///
  /// - Parameter arguments: those of `AppHostArguments`.
  package static func run(arguments: [String]) -> Never {
    let startedAt = KernelClock.monotonicNanoseconds()
    guard let arguments = AppHostArguments(arguments) else {
      fail(AppHostExit.wrongArguments, AppHostArguments.usage)
    }
    confine(agent: arguments.agent, user: arguments.user)
    guard let keys = AppLinkKeys.inherited() else {
      fail(AppHostExit.wrongArguments, "no keys came with descriptor \(AppLinkKeys.descriptor)")
    }
    do {
      let control = try AppHostControl(
        endpoint: arguments.endpoint, keys: keys, user: arguments.user, startedAt: startedAt)
      try control.run()
    } catch {
      fail(AppHostExit.noAgent, "\(error)")
    }
    // Not `exit`: the app's thread may be anywhere, and nothing is left to be written.
    _exit(AppHostExit.done)
  }

  /// Ties the process to its agent, and makes it the first to suffer when the device is short of something.
  private static func confine(agent: Int32, user: AppUser?) {
    linux_set_parent_death_signal(SIGKILL)
    // The agent may have died before that call.
    guard getppid() == agent else { _exit(AppHostExit.noAgent) }
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
