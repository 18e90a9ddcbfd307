import CLinux
import Glibc

/// Closes the file system, TCP, abstract sockets of other processes and signals to them to a thread and those it starts
/// (Landlock), below the filter of system calls: where there is no filter for lack of support, this may still hold.
enum FileSystemBarrier {
  /// `struct landlock_ruleset_attr` of linux/landlock.h: the accesses that are denied, as no rule allows any.
  private struct Ruleset {
    var fileSystem: UInt64
    var network: UInt64
    /// What of processes outside can't be reached: abstract sockets, and by signals.
    var scoped: UInt64
  }

  /// Does nothing on a kernel that has no Landlock.
  static func raise() {
    let version = linux_landlock_version()
    guard version > 0 else { return }
    // Each version knows more accesses: the first 13, then REFER, TRUNCATE and IOCTL_DEV; the fourth also TCP,
    // the sixth scopes.
    let accesses: UInt64
    switch version {
    case 1: accesses = 13
    case 2: accesses = 14
    case 3...4: accesses = 15
    default: accesses = 16
    }
    var ruleset = Ruleset(fileSystem: (1 << accesses) - 1, network: 3, scoped: 3)
    let sizeBytes: UInt = version < 4 ? 8 : version < 6 ? 16 : 24
    let descriptor = linux_landlock_create(&ruleset, sizeBytes)
    guard descriptor >= 0 else { return }
    linux_landlock_restrict(descriptor)
    close(descriptor)
  }
}
