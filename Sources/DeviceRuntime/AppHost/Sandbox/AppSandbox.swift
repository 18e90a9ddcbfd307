package import AppLink
import CLinux
import Glibc
import Linux

/// What the process of an app gives up, in three steps: at its beginning, before it looks at the module, and before
/// the app runs. What an app that broke out of the engine could do then is what the last step leaves: compute, and
/// talk to its agent.
package struct AppSandbox {
  private let limits: AppLimits
  /// Whom the process becomes; nil: it stays who it is.
  private let user: AppUser?

  package init(limits: AppLimits, user: AppUser?) {
    self.limits = limits
    self.user = user
  }

  /// The first step, while the process has one thread. Threads inherit what it does.
  package func begin() {
    ResourceLimits.applyFirst()
    // Programs that give their starter rights, like sudo, give none from here on.
    linux_set_no_new_privileges()
    for capability in 0..<64 as Range<UInt> { linux_drop_bounding_capability(capability) }
    linux_clear_ambient_capabilities()
    // With a user of its own the process keeps root's rights until its files are open, and then loses them all.
    if user == nil { linux_drop_capabilities() }
  }

  /// The second step, once all files are open: gives up the user, and all that compiling does not need.
  ///
  /// - Returns: what this kernel can't do, for the log.
  package func enterLoading(moduleBytes: Int) throws(AppLaunchError) -> [String] {
    try becomeUser()
    ResourceLimits.applyForLoading(moduleBytes: moduleBytes)
    return try install(.loading)
  }

  /// The third step. For the app's thread, before anything of the app has run.
  package func enterRunning(startsThreads: Bool) throws(AppLaunchError) {
    ResourceLimits.applyForRunning(limits)
    FileSystemBarrier.raise()
    _ = try install(.running(startsThreads: startsThreads))
  }

  private func becomeUser() throws(AppLaunchError) {
    if let user {
      // The C library sees to it that every thread changes.
      guard setgroups(0, nil) == 0, setregid(user.groupID, user.groupID) == 0,
        setreuid(user.userID, user.userID) == 0
      else { throw Self.failure("become user \(user.userID)") }
      // Counts all processes of a user, so only with one of its own.
      ProcessResource.processes.lower(
        to: ResourceLimits.threads + 4 * UInt64(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
      // Changing the user took this back; the agent may have died meanwhile.
      let agent = getppid()
      linux_set_parent_death_signal(SIGKILL)
      guard getppid() == agent, agent != 1 else { _exit(AppHostExit.noAgent) }
    }
    // No other process of the same user may look into it.
    linux_set_dumpable(0)
  }

  private func install(_ stage: SystemCallFilter.Stage) throws(AppLaunchError) -> [String] {
    guard let architecture = ProcessorArchitecture.current else {
      return ["the system calls of this processor are not known, so the app's process may make any"]
    }
    let filter = SystemCallFilter(stage, processIdentifier: getpid(), architecture: architecture).instructions
    let result = filter.withUnsafeBufferPointer { linux_install_filter($0.baseAddress, UInt16($0.count)) }
    if result == 0 { return [] }
    guard result < 0, errno == ENOSYS || errno == EINVAL else {
      throw result < 0
        ? Self.failure("install a filter of system calls")
        : AppLaunchError("thread \(result) has another filter of system calls")
    }
    return ["this kernel filters no system calls (CONFIG_SECCOMP_FILTER), so the app's process may make any"]
  }

  private static func failure(_ what: String) -> AppLaunchError {
    AppLaunchError("can't \(what): \(String(cString: strerror(errno)))")
  }
}
